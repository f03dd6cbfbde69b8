#include "core/sparse_rows.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

namespace limpid {
namespace {

// How the kernels can read X's own entries, if they can.
template <class T>
std::optional<Listing> listing_of(const Inputs<T>& X) {
    const bool narrow = X.index == Index::uint16;
    if (narrow && X.number == Number::uint8) return Listing::coded;
    if (X.number != (sizeof(T) == 4 ? Number::float32 : Number::float64) || X.index == Index::int64)
        return std::nullopt;
    return narrow ? Listing::narrow : Listing::wide;
}

// Where the blocks of a row begin among all entries, and the last one's end, of `count` that lie from `start` on.
template <class Place>
void find_bounds(const Place* places, std::uint32_t start, std::uint32_t count, std::size_t block, std::size_t blocks,
                 std::uint32_t* __restrict bounds) {
    std::fill_n(bounds, blocks, start);
    bounds[blocks] = start + count;
    if (blocks == 1) return;
    const int shift = std::countr_zero(block);
    for (std::uint32_t at = 0; at < count; ++at)
        bounds[(static_cast<std::uint32_t>(places[at]) >> shift) + 1] = start + at + 1;
    for (std::size_t number = 0; number < blocks; ++number)
        bounds[number + 1] = std::max(bounds[number], bounds[number + 1]);
}

}  // namespace

void refuse_entries(std::size_t entries) {
    throw std::length_error("a batch's sparse rows may hold 4294967295 numbers, got " + std::to_string(entries));
}

template <class T>
SparseRows<T>::SparseRows(const Inputs<T>& X, std::size_t rows, std::size_t inputs, std::size_t capacity,
                          std::size_t block, bool again)
    : X_(X),
      copies_(listing_of(X).has_value()),
      listing_(listing_of(X).value_or(Listing::wide)),
      of_place_(listing_ == Listing::wide ? sizeof(std::uint32_t) : sizeof(std::uint16_t)),
      of_number_(listing_ == Listing::coded ? sizeof(std::uint8_t) : sizeof(T)),
      block_(block),
      blocks_((inputs + block - 1) / block),
      starts_(capacity + 1),
      bounds_(capacity * (blocks_ + 1)) {
    if (again && copies_ && blocks_ > 1 && inputs <= std::numeric_limits<std::uint16_t>::max()) know_bounds(rows);
}

template <class T>
void SparseRows<T>::know_bounds(std::size_t rows) {
    const std::size_t step = blocks_ + 1;
    known_bounds_ = Buffer<std::uint16_t>(rows * step);
    std::vector<std::uint32_t> bounds(step);
    with_places(X_, [&](const auto* places, const auto*) {
        std::vector<std::decay_t<decltype(*places)>> of_row;
        for (std::size_t row = 0; row < rows; ++row) {
            const Row from = row_of(row);
            of_row.resize(from.count);
            if (from.count) std::memcpy(of_row.data(), from.places, from.count * of_place_);
            find_bounds(of_row.data(), 0, static_cast<std::uint32_t>(from.count), block_, blocks_, bounds.data());
            std::copy(bounds.begin(), bounds.end(), known_bounds_.get() + row * step);
        }
    });
}

template <class T>
void SparseRows<T>::begin(const Choice& choice) {
    choice_ = choice;
    std::size_t entries = 0;
    with_places(X_, [&](const auto*, const auto* starts) {
        for (std::size_t row = 0; row < choice.count; ++row) {
            const std::size_t from = choice[row];
            if (row + choice.count < choice.known) fetch(starts + choice[row + choice.count], sizeof *starts);
            entries += static_cast<std::size_t>(starts[from + 1] - starts[from]);
            starts_[row + 1] = static_cast<std::uint32_t>(entries);
        }
    });
    if (entries > most_entries) refuse_entries(entries);
    if (entries <= entries_) return;
    entries_ = entries + entries / 8;
    places_ = Buffer<std::byte>(entries_ * of_place_), numbers_ = Buffer<std::byte>(entries_ * of_number_);
}

template <class T>
void SparseRows<T>::gather(std::size_t row) {
    copies_ ? copy(row) : convert(row);
}

template <class T>
auto SparseRows<T>::row_of(std::size_t row) const -> Row {
    const auto [start, end] = with_places(X_, [&](const auto*, const auto* starts) {
        return std::pair(static_cast<std::size_t>(starts[row]), static_cast<std::size_t>(starts[row + 1]));
    });
    const std::size_t count = end - start;
    const auto* const places = static_cast<const std::byte*>(X_.places);
    if (X_.packed) {
        const std::byte* const first = places + start * (of_place_ + of_number_);
        return {first, first + count * of_place_, count};
    }
    return {places + start * of_place_, static_cast<const std::byte*>(X_.numbers) + start * of_number_, count};
}

template <class T>
void SparseRows<T>::copy(std::size_t row) {
    const std::size_t step = blocks_ + 1, ahead = row + rows_ahead;
    if (ahead < choice_.known) {
        const Row next = row_of(choice_[ahead]);
        fetch(next.places, next.count * of_place_), fetch(next.numbers, next.count * of_number_);
        if (known_bounds_.get()) fetch(known_bounds_.get() + choice_[ahead] * step, step * sizeof(std::uint16_t));
    }
    const Row from = row_of(choice_[row]);
    const std::uint32_t start = starts_[row];
    std::uint32_t* const bounds = bounds_.data() + row * step;
    if (from.count) {
        std::memcpy(places_.get() + start * of_place_, from.places, from.count * of_place_);
        std::memcpy(numbers_.get() + start * of_number_, from.numbers, from.count * of_number_);
    }
    if (known_bounds_.get()) {
        const std::uint16_t* const known = known_bounds_.get() + choice_[row] * step;
        std::transform(known, known + step, bounds, [start](std::uint16_t bound) { return start + bound; });
    } else {
        with_own_places([&](const auto* places) {
            find_bounds(places + start, start, static_cast<std::uint32_t>(from.count), block_, blocks_, bounds);
        });
    }
}

template <class T>
template <class Use>
void SparseRows<T>::with_own_places(Use use) const {
    if (listing_ == Listing::wide)
        use(reinterpret_cast<const std::uint32_t*>(places_.get()));
    else
        use(reinterpret_cast<const std::uint16_t*>(places_.get()));
}

template <class T>
void SparseRows<T>::convert(std::size_t row) {
    const std::uint32_t start = starts_[row], count = starts_[row + 1] - start;
    auto* const own_places = reinterpret_cast<std::uint32_t*>(places_.get()) + start;
    auto* const own_numbers = reinterpret_cast<T*>(numbers_.get()) + start;
    with_places(X_, [&](const auto* places, const auto* starts) {
        with_numbers(X_, [&](const auto* numbers) {
            const std::size_t ahead = row + rows_ahead;
            if (ahead < choice_.known) {
                const auto next = static_cast<std::size_t>(starts[choice_[ahead]]);
                const auto length = static_cast<std::size_t>(starts[choice_[ahead] + 1]) - next;
                fetch(places + next, length * sizeof *places), fetch(numbers + next, length * sizeof *numbers);
            }
            const auto from = static_cast<std::size_t>(starts[choice_[row]]);
            for (std::uint32_t at = 0; at < count; ++at) {
                own_places[at] = static_cast<std::uint32_t>(places[from + at]);
                own_numbers[at] = value_of(X_, numbers[from + at]);
            }
            find_bounds(own_places, start, count, block_, blocks_, bounds_.data() + row * (blocks_ + 1));
        });
    });
}

template <class T>
Lists<T> SparseRows<T>::lists(std::size_t first) const {
    const std::size_t step = blocks_ + 1;
    return {bounds_.data() + first * step, step, blocks_, listing_, places_.get(), numbers_.get(), X_.codes};
}

template class SparseRows<float>;
template class SparseRows<double>;

}  // namespace limpid
