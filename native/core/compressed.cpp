#include "core/compressed.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

#include "core/codebook.hpp"
#include "core/finite.hpp"

namespace limpid {
namespace {

template <class U>
using BitsOf =
    std::conditional_t<sizeof(U) == 2, std::uint16_t, std::conditional_t<sizeof(U) == 4, std::uint32_t, std::uint64_t>>;

constexpr std::size_t narrow_inputs = std::numeric_limits<std::uint16_t>::max();  // and so many numbers of a row

// Measured: what a number kept with its place costs, in numbers of a dense row, is less the more units there are.
double cost_of_one(std::size_t units) { return 1.5 + 60.0 / static_cast<double>(units); }

// The same of looking at a number of a dense row, which is done once for all or for each batch.
double cost_of_looking(std::size_t units) { return 30.0 / static_cast<double>(units); }

// So far apart are about a hundred rows from all over X.
std::size_t sample_step(std::size_t rows) { return rows / 100 + 1; }

// Whether some of the numbers are not zero; a negative zero may pass for such a number. By their bits, which is several
// times as fast.
template <class T, class U>
bool not_all_zero(const Inputs<T>& dense, const U* from, const U* end) {
    if constexpr (std::is_same_v<U, std::uint8_t>) {
        return std::any_of(from, end, [&](U code) { return value_of(dense, code) != 0; });
    } else {
        BitsOf<U> all = 0;
        for (; from < end; ++from) all |= std::bit_cast<BitsOf<U>>(*from);
        return all != 0;
    }
}

// Whether a number of X is not zero: where nothing has to be made of it by its bits but for the sign, which is quicker
// than a comparison that knows NaN.
template <class T, class U>
bool not_zero(const Inputs<T>& dense, U number) {
    if constexpr (std::is_same_v<U, T>)
        return std::bit_cast<BitsOf<U>>(number) << 1 != 0;
    else
        return value_of(dense, number) != 0;
}

// The numbers of a row that are not zero and their places; returns how many. Most groups of a few numbers are all zero;
// of others each is written, and overwritten by the next if it was zero: a processor cannot foresee which are.
template <class T, class U, class Place, class Kept>
std::size_t keep(const Inputs<T>& dense, const U* row, std::size_t inputs, Place* places, Kept* kept) {
    constexpr std::size_t group = 16;
    std::size_t at = 0, input = 0;
    const auto look = [&](std::size_t place) {
        places[at] = static_cast<Place>(place);
        if constexpr (std::is_same_v<Kept, std::uint8_t>)
            kept[at] = row[place];
        else
            kept[at] = value_of(dense, row[place]);
        at += not_zero(dense, row[place]);
    };
    for (; input + group <= inputs; input += group) {
        if (!not_all_zero(dense, row + input, row + input + group)) continue;
#pragma GCC unroll 16
        for (std::size_t next = 0; next < group; ++next) look(input + next);
    }
    for (; input < inputs; ++input) look(input);
    return at;
}

// About how many numbers of X are not zero, by a hundred rows.
template <class T, class U>
std::size_t count_kept(const Inputs<T>& dense, const U* numbers, std::size_t rows, std::size_t inputs) {
    std::size_t seen = 0, kept = 0;
    for (std::size_t row = 0; row < rows; row += sample_step(rows), ++seen)
        for (std::size_t input = 0; input < inputs; ++input) kept += not_zero(dense, numbers[row * inputs + input]);
    return kept * rows / std::max(seen, std::size_t{1});
}

// Numbers put one behind the other, of which about so many bytes are expected: X is read once.
class Packing {
   public:
    explicit Packing(std::size_t expected) : room_(expected + expected / 16 + cache_line), bytes_(room_) {}

    template <class U>
    void put(const U* numbers, std::size_t count) {
        const std::size_t size = count * sizeof *numbers;
        if (used_ + size > room_) grow(used_ + size);
        if (size) std::memcpy(bytes_.get() + used_, numbers, size);
        used_ += size;
    }
    Buffer<std::byte> taken() { return std::move(bytes_); }

   private:
    void grow(std::size_t least) {
        room_ = least + room_ / 2;
        Buffer<std::byte> larger(room_);
        std::memcpy(larger.get(), bytes_.get(), used_);
        bytes_ = std::move(larger);
    }

    std::size_t room_, used_ = 0;
    Buffer<std::byte> bytes_;
};

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
bool leaving_out_pays(const Inputs<T>& dense, std::size_t rows, std::size_t inputs, std::size_t units, bool each_time,
                      double dense_time) {
    if (dense.sparse()) return false;
    return with_numbers(dense, [&](const auto* numbers) {
        const std::size_t kept = count_kept(dense, numbers, rows, inputs);
        const double looked_at = each_time ? cost_of_looking(units) : 0;
        return cost_of_one(units) * static_cast<double>(kept) <
               (dense_time - looked_at) * static_cast<double>(rows) * static_cast<double>(inputs);
    });
}

template <class T>
Compressed<T>::Compressed(const Inputs<T>& dense, std::size_t rows, std::size_t inputs)
    : starts_(rows + 1), meanings_(dense.codes) {
    const auto as_it_is = [](const auto* kept, std::size_t) { return kept; };
    with_numbers(dense, [&](const auto* numbers) {
        if constexpr (!std::is_same_v<decltype(numbers), const std::uint8_t*> &&
                      !std::is_same_v<decltype(numbers), const T*>)
            finite_ = false;  // what they were made may be otherwise
        if (inputs > narrow_inputs)
            fill(dense, numbers, rows, inputs);
        else if constexpr (std::is_same_v<decltype(numbers), const std::uint8_t*>)
            coded_ = pack<std::uint8_t>(dense, numbers, rows, inputs, as_it_is);
        else if (!pack_codes(dense, numbers, rows, inputs))
            pack<T>(dense, numbers, rows, inputs, as_it_is);
    });
}

template <class T>
template <class U>
void Compressed<T>::fill(const Inputs<T>& dense, const U* numbers, std::size_t rows, std::size_t inputs) {
    std::vector<std::int64_t> places(inputs + 1);
    std::vector<T> kept(inputs + 1);
    for (std::size_t row = 0; row < rows; ++row) {
        const std::size_t count = keep(dense, numbers + row * inputs, inputs, places.data(), kept.data());
        finite_ = finite_ && first_not_finite(kept.data(), count) == count;
        places_.insert(places_.end(), places.begin(), places.begin() + static_cast<std::ptrdiff_t>(count));
        numbers_.insert(numbers_.end(), kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(count));
        starts_.get()[row + 1] = std::ssize(places_);
    }
}

template <class T>
template <class Kept, class U, class Encode>
bool Compressed<T>::pack(const Inputs<T>& dense, const U* numbers, std::size_t rows, std::size_t inputs,
                         Encode encode) {
    std::vector<std::uint16_t> places(inputs + 1);
    std::vector<Kept> kept(inputs + 1);
    constexpr std::size_t size = sizeof(std::uint16_t) + sizeof *encode(kept.data(), 0);
    Packing packing(count_kept(dense, numbers, rows, inputs) * size);
    for (std::size_t row = 0; row < rows; ++row) {
        const std::size_t count = keep(dense, numbers + row * inputs, inputs, places.data(), kept.data());
        finite_ = finite_ && first_not_finite(kept.data(), count) == count;
        const auto* const encoded = encode(static_cast<const Kept*>(kept.data()), count);
        if (!encoded) return false;
        packing.put(places.data(), count), packing.put(encoded, count);
        starts_.get()[row + 1] = starts_.get()[row] + static_cast<std::int64_t>(count);
    }
    packed_ = packing.taken();
    return true;
}

template <class T>
template <class U>
bool Compressed<T>::pack_codes(const Inputs<T>& dense, const U* numbers, std::size_t rows, std::size_t inputs) {
    Codebook<T> book;
    std::vector<std::uint8_t> codes(inputs + 1);
    coded_ = pack<T>(dense, numbers, rows, inputs, [&](const T* kept, std::size_t count) {
        return write_codes(book, kept, count, codes.data()) ? codes.data() : nullptr;
    });
    if (!coded_) return false;
    own_meanings_.assign(book.meanings(), book.meanings() + Codebook<T>::most);
    meanings_ = own_meanings_.data();
    return true;
}

template <class T>
Inputs<T> Compressed<T>::view() const {
    Inputs<T> made{sizeof(T) == sizeof(float) ? Number::float32 : Number::float64, nullptr, meanings_};
    made.starts = starts_.get();
    made.packed = packed_.get() != nullptr;
    if (made.packed) {
        if (coded_) made.number = Number::uint8;
        made.index = Index::uint16, made.places = packed_.get();
    } else {
        made.index = Index::int64, made.places = places_.data(), made.numbers = numbers_.data();
    }
    return made;
}

template bool leaving_out_pays(const Inputs<float>&, std::size_t, std::size_t, std::size_t, bool, double);
template bool leaving_out_pays(const Inputs<double>&, std::size_t, std::size_t, std::size_t, bool, double);
template class Compressed<float>;
template class Compressed<double>;

}  // namespace limpid
