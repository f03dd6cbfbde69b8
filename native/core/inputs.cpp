#include "core/inputs.hpp"

#include <algorithm>
#include <type_traits>

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

// The numbers of a row that are not zero and their places. Each of a group is written, and overwritten by the next if
// it was zero: a processor cannot foresee which are.
template <class T, class U, class Place, class Kept>
void keep(const Inputs<T>& dense, const U* row, std::size_t inputs, Place* places, Kept* kept) {
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
}

}  // namespace

template <class T>
bool leaving_out_pays(const Inputs<T>& dense, std::size_t rows, std::size_t inputs, std::size_t units, bool each_time) {
    if (dense.sparse()) return false;
    return with_numbers(dense, [&](const auto* numbers) {
        std::size_t seen = 0, kept = 0;
        for (std::size_t row = 0; row < rows; row += rows / 100 + 1)
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
        const std::size_t total = static_cast<std::size_t>(starts[rows]) + 1;  // the last may be written and not kept
        const auto fill = [&](auto& places, auto& kept) {
            places = std::decay_t<decltype(places)>(total), kept = std::decay_t<decltype(kept)>(total);
            for (std::size_t row = 0; row < rows; ++row)
                keep(dense, numbers + row * inputs, inputs, places.get() + starts[row], kept.get() + starts[row]);
        };
        const auto with_places_kept = [&](auto& places) {
            if constexpr (std::is_same_v<decltype(numbers), const std::uint8_t*>)
                fill(places, codes_);
            else
                fill(places, numbers_);
        };
        inputs <= narrow_inputs ? with_places_kept(narrow_places_) : with_places_kept(places_);
    });
}

template <class T>
Inputs<T> Compressed<T>::view() const {
    Inputs<T> made{sizeof(T) == sizeof(float) ? Number::float32 : Number::float64, numbers_.get(), meanings_};
    if (codes_.get()) made.number = Number::uint8, made.numbers = codes_.get();
    made.index = narrow_places_.get() ? Index::uint16 : Index::int64;
    made.starts = starts_.get();
    made.places = narrow_places_.get() ? static_cast<const void*>(narrow_places_.get()) : places_.get();
    return made;
}

template bool leaving_out_pays(const Inputs<float>&, std::size_t, std::size_t, std::size_t, bool);
template bool leaving_out_pays(const Inputs<double>&, std::size_t, std::size_t, std::size_t, bool);
template class Compressed<float>;
template class Compressed<double>;

}  // namespace limpid
