// Every kind of number that networks read, to the last bit; and zeros left out, which changes nothing but the room.
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <utility>

#include "check.hpp"
#include "core/compressed.hpp"

using namespace limpid;

namespace {

template <class T>
constexpr Number own = sizeof(T) == 4 ? Number::float32 : Number::float64;

// Half precision by its definition.
long double exact(std::uint16_t bits) {
    const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    const long double size =
        exponent ? std::ldexp(1024.0L + mantissa, exponent - 25) : std::ldexp(1.0L * mantissa, -24);
    return bits & 0x8000 ? -size : size;
}

template <class T>
void check_halves() {
    const Inputs<T> inputs{Number::float16, nullptr};
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
        if ((bits >> 10 & 31) == 31) continue;  // infinite or no number: these are refused before
        const auto half = static_cast<std::uint16_t>(bits);
        const T got = value_of(inputs, Half{half});
        CHECK(static_cast<long double>(got) == exact(half));
        CHECK(std::signbit(got) == (bits >= 0x8000));
    }
}

// A table of numbers of kind U, most of them zero, and what it says.
template <class T, class U>
struct Table {
    std::size_t rows, inputs;
    std::vector<U> numbers;
    std::vector<T> codes;

    Table(std::size_t r, std::size_t i, unsigned one_in) : rows(r), inputs(i), numbers(r * i), codes(256) {
        std::mt19937 random(1);
        for (std::size_t code = 0; code < 256; ++code) codes[code] = static_cast<T>(code) / T(255);
        codes[7] = 0,
        codes[0] = sizeof(U) == 1 && inputs % 2 ? T(0.25) : T(0);  // a code need not be what it looks like
        for (U& number : numbers) {
            const unsigned bits = random() % one_in ? 0 : random() % 250;
            if constexpr (sizeof(U) <= 2)
                std::memcpy(&number, &bits, sizeof number);
            else
                number = static_cast<U>(bits) / U(3);
        }
    }
    Inputs<T> view(Number number) const { return {number, numbers.data(), codes.data()}; }
};

// What follows in memory, which need not begin where such numbers do.
template <class U>
U taken(const std::byte*& from) {
    U number;
    std::memcpy(&number, from, sizeof number);
    from += sizeof number;
    return number;
}

// Packed rows name all that is not zero, in order, and what it is.
template <class T, class U>
void check_packed(const Inputs<T>& dense, const Inputs<T>& packed, const U* wanted, std::size_t rows,
                  std::size_t inputs) {
    CHECK(packed.packed && packed.index == Index::uint16 && !packed.numbers);
    const auto* const starts = static_cast<const std::int64_t*>(packed.starts);
    const auto* from = static_cast<const std::byte*>(packed.places);
    CHECK(starts[0] == 0);
    for (std::size_t row = 0; row < rows; ++row) {
        std::vector<std::size_t> places;
        for (std::size_t input = 0; input < inputs; ++input)
            if (value_of(dense, wanted[row * inputs + input]) != 0) places.push_back(input);
        CHECK(starts[row + 1] - starts[row] == std::ssize(places));
        for (const std::size_t place : places) CHECK(taken<std::uint16_t>(from) == place);
        for (const std::size_t place : places) {
            const T kept = packed.number == Number::uint8 ? packed.codes[taken<std::uint8_t>(from)] : taken<T>(from);
            CHECK(kept == value_of(dense, wanted[row * inputs + place]));
        }
    }
}

// Rows with more inputs than uint16 can name lie in arrays of their own.
template <class T, class U>
void check_wide(const Inputs<T>& dense, const Inputs<T>& sparse, const U* wanted, std::size_t rows,
                std::size_t inputs) {
    CHECK(!sparse.packed && sparse.index == Index::int64 && sparse.number == own<T>);
    const auto *const starts = static_cast<const std::int64_t*>(sparse.starts), *const places =
                                                                                    static_cast<const std::int64_t*>(
                                                                                        sparse.places);
    auto at = starts[0];
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t input = 0; input < inputs; ++input) {
            const T value = value_of(dense, wanted[row * inputs + input]);
            if (value == 0) continue;
            CHECK(at < starts[row + 1] && static_cast<std::size_t>(places[at]) == input);
            CHECK(static_cast<const T*>(sparse.numbers)[at] == value);
            ++at;
        }
        CHECK(at == starts[row + 1]);
    }
}

template <class T, class U>
void check_compressed(Number number) {
    for (const std::size_t inputs : {1, 5, 16, 17, 100, 784})
        for (const unsigned one_in : {1u, 3u, 50u, 100000u}) {
            const Table<T, U> table(23, inputs, one_in);
            const Inputs<T> dense = table.view(number);
            const Compressed<T> compressed(dense, table.rows, inputs);
            check_packed(dense, compressed.view(), table.numbers.data(), table.rows, inputs);
            CHECK(compressed.finite() == (std::is_same_v<U, T> || std::is_same_v<U, std::uint8_t>));
        }
    const Table<T, U> wide(3, 70'000, 9);
    const Compressed<T> compressed(wide.view(number), 3, 70'000);
    check_wide(wide.view(number), compressed.view(), wide.numbers.data(), 3, 70'000);
}

// Numbers become codes where there are at most 256 different ones, in the rows that are looked at first and in all.
template <class T>
void check_codes() {
    for (const std::size_t different : {1, 255, 256, 257, 5000}) {
        std::vector<T> numbers(500 * 40);
        for (std::size_t at = 0; at < numbers.size(); ++at)
            numbers[at] = at % 7 ? T(0) : T(1) + static_cast<T>(at * 31 % different) / T(8192);
        for (const std::size_t late : {0, 1}) {
            if (late) numbers[399 * 40] = T(0.25);  // one more, in a row that is not among the first
            const Inputs<T> dense{own<T>, numbers.data()};
            const Inputs<T> view = Compressed<T>(dense, 500, 40).view();
            CHECK((view.number == Number::uint8) == (different + late <= 256));
        }
    }
}

// A number that is not finite is met on the way, be it a code's, one of many, or in rows too wide to be packed.
template <class T>
void check_finite() {
    for (const std::size_t inputs : {40, 70'000})
        for (const std::size_t different : {3, 5000}) {
            std::vector<T> numbers(20 * inputs);
            for (std::size_t at = 0; at < numbers.size(); at += 5) numbers[at] = static_cast<T>(1 + at % different);
            const Inputs<T> dense{own<T>, numbers.data()};
            CHECK(Compressed<T>(dense, 20, inputs).finite());
            for (const T bad : {std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN()})
                for (const std::size_t at : {std::size_t{0}, 7 * inputs + 3, numbers.size() - 1}) {
                    const T was = std::exchange(numbers[at], bad);
                    CHECK(!Compressed<T>(dense, 20, inputs).finite());
                    numbers[at] = was;
                }
        }
}

// Leaving zeros out pays where there are many, and the more units there are to spare the work for.
template <class T>
void check_pays() {
    const auto pays = [](unsigned one_in, std::size_t rows, std::size_t units, bool each_time = false,
                         double dense_time = 1) {
        const Table<T, T> table(rows, 400, one_in);
        return leaving_out_pays(table.view(own<T>), rows, 400, units, each_time, dense_time);
    };
    for (const std::size_t rows : {1, 30, 1000}) {
        CHECK(pays(20, rows, 128) && pays(4, rows, 1000));
        CHECK(!pays(1, rows, 1000) && !pays(4, rows, 1));
        CHECK(pays(100'000, rows, 1));
        CHECK(pays(4, rows, 1000, true) && !pays(4, rows, 32, true));
        CHECK(pays(4, rows, 32));
        CHECK(pays(20, rows, 128, false, 0.5) && !pays(4, rows, 32, false, 0.5) && !pays(20, rows, 1000, false, 0));
    }
    std::vector<T> sorted(1000 * 10);  // rows in order of their zeros: those at the end count too
    for (std::size_t at = 1000; at < sorted.size(); ++at) sorted[at] = 1;
    CHECK(!leaving_out_pays<T>({own<T>, sorted.data()}, 1000, 10, 128, false));
}

template <class T>
void check_all() {
    check_halves<T>();
    check_compressed<T, std::uint8_t>(Number::uint8);
    check_compressed<T, Half>(Number::float16);
    check_compressed<T, float>(Number::float32);
    check_compressed<T, double>(Number::float64);
    check_codes<T>();
    check_finite<T>();
    check_pays<T>();
}

}  // namespace

int main() {
    check_all<float>();
    check_all<double>();
    return 0;
}
