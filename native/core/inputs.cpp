#include "core/inputs.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/codebook.hpp"

namespace limpid {
namespace {

constexpr std::size_t narrow_inputs = std::size_t{1} << 16;

// Measured: what a number kept with its place costs, in numbers of a dense row, is less the more units there are.
double cost_of_one(std::size_t units) { return 1.5 + 60.0 / static_cast<double>(units); }

// Calls `use` with each group of inputs, first and end, that are not all zero: most are.
template <class T, class U, class Use>
void each_group(const Inputs<T>& dense, const U* row, std::size_t inputs, Use use) {
    constexpr std::size_t group = 16;
    for (std::size_t first = 0; first < inputs; first += group) {
        const std::size_t end = std::min(first + group, inputs);
        std::size_t kept = 0;
        for (std::size_t input = first; input < end; ++input) kept += value_of(dense, row[input]) != 0;
        if (kept) use(first, end, kept);
    }
}

// The same of looking at a number of a dense row, which is done once for all or for each batch.
double cost_of_looking(std::size_t units) { return 30.0 / static_cast<double>(units); }

// So far apart are about a hundred rows from all over X.
std::size_t sample_step(std::size_t rows) { return rows / 100 + 1; }

// The numbers of a row that are not zero and their places; returns how many. Each of a group is written, and
// overwritten by the next if it was zero: a processor cannot foresee which are.
template <class T, class U, class Place, class Kept>
std::size_t keep(const Inputs<T>& dense, const U* row, std::size_t inputs, Place* places, Kept* kept) {
    std::size_t at = 0;
    each_group(dense, row, inputs, [&](std::size_t first, std::size_t end, std::size_t) {
        for (std::size_t input = first; input < end; ++input) {
            const T value = value_of(dense, row[input]);
            places[at] = static_cast<Place>(input);
            if constexpr (std::is_same_v<Kept, std::uint8_t>)
                kept[at] = row[input];
            else
                kept[at] = value;
            at += value != 0;
        }
    });
    return at;
}

// Puts `count` numbers there; returns where the next go.
template <class U>
std::byte* put(std::byte* to, const U* numbers, std::size_t count) {
    std::memcpy(to, numbers, count * sizeof *numbers);
    return to + count * sizeof *numbers;
}

// The codes of `count` numbers; false where the book has no room for them.
template <class T>
bool write_codes(Codebook<T>& book, const T* numbers, std::size_t count, std::uint8_t* codes) {
    for (std::size_t at = 0; at < count; ++at) {
        const std::size_t code = book.code(numbers[at]);
        if (code == Codebook<T>::most) return false;
        codes[at] = static_cast<std::uint8_t>(code);
    }
    return true;
}

}  // namespace

template <class T>
bool leaving_out_pays(const Inputs<T>& dense, std::size_t rows, std::size_t inputs, std::size_t units, bool each_time) {
    if (dense.sparse()) return false;
    return with_numbers(dense, [&](const auto* numbers) {
        std::size_t seen = 0, kept = 0;
        for (std::size_t row = 0; row < rows; row += sample_step(rows))
            for (std::size_t input = 0; input < inputs; ++input, ++seen)
                kept += value_of(dense, numbers[row * inputs + input]) != 0;
        const double looked_at = each_time ? cost_of_looking(units) : 0;
        return cost_of_one(units) * static_cast<double>(kept) < (1 - looked_at) * static_cast<double>(seen);
    });
}

template <class T>
Compressed<T>::Compressed(const Inputs<T>& dense, std::size_t rows, std::size_t inputs)
    : starts_(rows + 1), meanings_(dense.codes) {
    with_numbers(dense, [&](const auto* numbers) {
        std::int64_t* const starts = starts_.get();
        for (std::size_t row = 0; row < rows; ++row) {
            starts[row + 1] = starts[row];
            each_group(dense, numbers + row * inputs, inputs, [&](std::size_t, std::size_t, std::size_t kept) {
                starts[row + 1] += static_cast<std::int64_t>(kept);
            });
        }
        if (inputs > narrow_inputs)
            fill(dense, numbers, rows, inputs);
        else if (!pack_codes(dense, numbers, rows, inputs))
            pack(dense, numbers, rows, inputs);
    });
}

template <class T>
template <class U>
void Compressed<T>::fill(const Inputs<T>& dense, const U* numbers, std::size_t rows, std::size_t inputs) {
    const std::size_t total =
        static_cast<std::size_t>(starts_.get()[rows]) + 1;  // the last may be written and not kept
    places_ = Buffer<std::int64_t>(total), numbers_ = Buffer<T>(total);
    for (std::size_t row = 0; row < rows; ++row) {
        const std::int64_t start = starts_.get()[row];
        keep(dense, numbers + row * inputs, inputs, places_.get() + start, numbers_.get() + start);
    }
}

template <class T>
template <class U>
void Compressed<T>::pack(const Inputs<T>& dense, const U* numbers, std::size_t rows, std::size_t inputs) {
    std::vector<std::uint16_t> places(inputs + 1);
    std::vector<T> kept(inputs + 1);
    packed_ = Buffer<std::byte>(static_cast<std::size_t>(starts_.get()[rows]) * (sizeof(std::uint16_t) + sizeof(T)));
    std::byte* to = packed_.get();
    for (std::size_t row = 0; row < rows; ++row) {
        const std::size_t count = keep(dense, numbers + row * inputs, inputs, places.data(), kept.data());
        to = put(to, places.data(), count), to = put(to, kept.data(), count);
    }
}

template <class T>
template <class U>
bool Compressed<T>::pack_codes(const Inputs<T>& dense, const U* numbers, std::size_t rows, std::size_t inputs) {
    constexpr bool has_codes = std::is_same_v<U, std::uint8_t>;
    using Kept = std::conditional_t<has_codes, std::uint8_t, T>;
    Codebook<T> book;
    std::vector<std::uint16_t> places(inputs + 1);
    std::vector<Kept> kept(inputs + 1);
    std::vector<std::uint8_t> codes(inputs);
    std::size_t count = 0;
    const auto encode = [&](std::size_t row) {
        count = keep(dense, numbers + row * inputs, inputs, places.data(), kept.data());
        if constexpr (!has_codes) return write_codes(book, kept.data(), count, codes.data());
        return true;
    };
    for (std::size_t row = 0; row < rows; row += sample_step(rows))
        if (!encode(row)) return false;
    packed_ = Buffer<std::byte>(static_cast<std::size_t>(starts_.get()[rows]) * (sizeof(std::uint16_t) + 1));
    std::byte* to = packed_.get();
    for (std::size_t row = 0; row < rows; ++row) {
        if (!encode(row)) return false;
        to = put(to, places.data(), count);
        if constexpr (has_codes)
            to = put(to, kept.data(), count);
        else
            to = put(to, codes.data(), count);
    }
    coded_ = true;
    if constexpr (has_codes) return true;
    own_meanings_.assign(book.meanings(), book.meanings() + Codebook<T>::most);
    meanings_ = own_meanings_.data();
    return true;
}

template <class T>
Inputs<T> Compressed<T>::view() const {
    Inputs<T> made{sizeof(T) == sizeof(float) ? Number::float32 : Number::float64, numbers_.get(), meanings_};
    made.starts = starts_.get();
    made.packed = packed_.get() != nullptr;
    if (coded_) made.number = Number::uint8;
    made.index = made.packed ? Index::uint16 : Index::int64;
    made.places = made.packed ? static_cast<const void*>(packed_.get()) : places_.get();
    return made;
}

template bool leaving_out_pays(const Inputs<float>&, std::size_t, std::size_t, std::size_t, bool);
template bool leaving_out_pays(const Inputs<double>&, std::size_t, std::size_t, std::size_t, bool);
template class Compressed<float>;
template class Compressed<double>;

}  // namespace limpid
