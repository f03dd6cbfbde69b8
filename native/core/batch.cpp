#include "core/batch.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace limpid {
namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 15;                        // of weights, and of slopes
constexpr std::size_t most_entries = std::numeric_limits<std::uint32_t>::max();  // of a batch
constexpr double entries_a_block = 8;  // of a row; with fewer, going from block to block would cost more than it saves

[[noreturn]] void refuse_entries(std::size_t entries) {
    throw std::length_error("a batch's sparse rows may hold 4294967295 numbers, got " + std::to_string(entries));
}

template <class T>
double entries_a_row(const Inputs<T>& X, std::size_t rows) {
    return with_places(X, [&](const auto*, const auto* starts) {
        return static_cast<double>(starts[rows] - starts[0]) / static_cast<double>(rows);
    });
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

template <class T>
InputBatch<T>::InputBatch(const Inputs<T>& X, std::size_t rows, const Layer& first, std::size_t capacity, bool thins,
                          const Kernels<T>& kernels)
    : X_(X), kernels_(kernels), inputs_(first.inputs), stride_(stride_of<T>(inputs_)), block_(inputs_) {
    const std::size_t inputs = inputs_, units = first.weight_columns(), room = capacity * room_of_row();
    if (first.embeds() && !X_.sparse() && room > most_entries) refuse_entries(room);
    const bool leaves_out = thins && room <= most_entries && leaving_out_pays(X, rows, inputs, units, true);
    sparse_ = leaves_out || X_.sparse() || first.embeds();
    if (!sparse_) {
        gathered_ = Buffer<T>(capacity * stride_);
        return;
    }
    choose_blocks(rows, units);
    bounds_.resize(capacity * (blocks_ + 1));
    lists_ = {bounds_.data(), blocks_ + 1, blocks_};
    if (!X_.sparse()) {
        make_room(room);
        return;
    }
    starts_.resize(capacity + 1);
    if (const std::optional<Listing> listing = as_it_is(rows); listing && (!thins || X_.packed)) {
        lists_.listing = *listing, lists_.codes = X_.codes;
        find_all_bounds(rows);
    }
}

template <class T>
void InputBatch<T>::choose_blocks(std::size_t rows, std::size_t units) {
    constexpr std::size_t most_units = 8 * cache_line / sizeof(T);  // columns that are taken together
    const double entries = X_.sparse() ? entries_a_row(X_, rows) : static_cast<double>(inputs_);
    const double few = entries_a_block * static_cast<double>(inputs_) / std::max(entries, 1e-9);
    block_ = std::bit_floor(block_bytes / sizeof(T) / std::min(units, most_units));
    while (static_cast<double>(block_) < few && block_ < inputs_) block_ *= 2;
    blocks_ = (inputs_ + block_ - 1) / block_;
}

template <class T>
std::optional<Listing> InputBatch<T>::as_it_is(std::size_t rows) const {
    const bool computed_with = X_.number == (sizeof(T) == 4 ? Number::float32 : Number::float64),
               counted = with_places(X_, [&](const auto*, const auto* starts) {
                   return std::adjacent_find(starts, starts + rows + 1, [](auto first, auto end) {
                              return end - first > std::numeric_limits<std::uint16_t>::max();
                          }) == starts + rows + 1;
               });
    if (X_.packed || (counted && X_.index == Index::uint16 && X_.number == Number::uint8))
        return X_.number == Number::uint8 ? Listing::coded : Listing::narrow;
    if (!counted || X_.index == Index::int64 || !computed_with) return std::nullopt;
    return X_.index == Index::uint16 ? Listing::narrow : Listing::wide;
}

// Where the blocks of all rows begin, from each row's first entry on.
template <class T>
void InputBatch<T>::find_all_bounds(std::size_t rows) {
    const std::size_t step = blocks_ + 1;
    known_bounds_ = Buffer<std::uint16_t>(rows * step);
    std::vector<std::uint32_t> bounds(step);
    with_places(X_, [&](const auto* places, const auto*) {
        std::vector<std::decay_t<decltype(*places)>> of_row;
        for (std::size_t row = 0; row < rows; ++row) {
            const Row from = row_of(row);
            of_row.resize(from.count);
            if (from.count) std::memcpy(of_row.data(), from.places, from.count * sizeof *places);
            find_bounds(of_row.data(), 0, static_cast<std::uint32_t>(from.count), block_, blocks_, bounds.data());
            std::copy(bounds.begin(), bounds.end(), known_bounds_.get() + row * step);
        }
    });
}

template <class T>
void InputBatch<T>::make_room(std::size_t entries) {
    if (entries <= entries_) return;
    entries_ = entries + entries / 8;
    places_ = Buffer<std::byte>(entries_ * sizeof(std::uint32_t)), numbers_ = Buffer<std::byte>(entries_ * sizeof(T));
    lists_.places = places_.get(), lists_.numbers = numbers_.get();
}

template <class T>
void InputBatch<T>::begin(const Choice& choice) {
    choice_ = choice;
    if (!X_.sparse()) {
        if (sparse_) return;
        const bool as_it_is = !choice.order && X_.number == (sizeof(T) == 4 ? Number::float32 : Number::float64);
        x_ = as_it_is ? static_cast<const T*>(X_.numbers) + choice.first * inputs_ : gathered_.get();
        x_stride_ = as_it_is ? inputs_ : stride_;
        return;
    }
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
    make_room(entries);
}

template <class T>
void InputBatch<T>::gather(Range rows) {
    for (std::size_t row = rows.first; row < rows.first + rows.count; ++row)
        if (known_bounds_.get())
            copy_sparse(row);
        else if (X_.sparse())
            gather_sparse(row);
        else if (sparse_)
            gather_thinned(row);
        else if (x_ == gathered_.get())
            gather_dense(row);
}

template <class T>
void InputBatch<T>::gather_dense(std::size_t row) {
    with_numbers(X_, [&](const auto* numbers) {
        const std::size_t ahead = row + rows_ahead;
        if (ahead < choice_.known) fetch(numbers + choice_[ahead] * inputs_, inputs_ * sizeof *numbers);
        const auto* from = numbers + choice_[row] * inputs_;
        T* to = gathered_.get() + row * stride_;
        for (std::size_t input = 0; input < inputs_; ++input) to[input] = value_of(X_, from[input]);
    });
}

template <class T>
auto InputBatch<T>::row_of(std::size_t row) const -> Row {
    const std::size_t of_place = lists_.listing == Listing::wide ? sizeof(std::uint32_t) : sizeof(std::uint16_t),
                      of_number = lists_.listing == Listing::coded ? 1 : sizeof(T);
    const auto [start, end] = with_places(X_, [&](const auto*, const auto* starts) {
        return std::pair(static_cast<std::size_t>(starts[row]), static_cast<std::size_t>(starts[row + 1]));
    });
    const std::size_t count = end - start;
    const auto *const places = static_cast<const std::byte*>(X_.places), *const numbers =
                                                                             static_cast<const std::byte*>(X_.numbers);
    const std::byte* const first = places + start * (X_.packed ? of_place + of_number : of_place);
    return {first, X_.packed ? first + count * of_place : numbers + start * of_number, count, count * of_place,
            count * of_number};
}

template <class T>
void InputBatch<T>::copy_sparse(std::size_t row) {
    const std::size_t step = blocks_ + 1, ahead = row + rows_ahead;
    if (ahead < choice_.known) {
        const Row next = row_of(choice_[ahead]);
        fetch(next.places, next.place_bytes), fetch(next.numbers, next.number_bytes);
        fetch(known_bounds_.get() + choice_[ahead] * step, step * sizeof *known_bounds_.get());
    }
    const Row from = row_of(choice_[row]);
    const std::uint32_t start = starts_[row];
    const auto copy = [&](const std::byte* numbers, std::size_t bytes, std::byte* to) {
        if (bytes) std::memcpy(to + start * (bytes / from.count), numbers, bytes);
    };
    copy(from.places, from.place_bytes, places_.get()), copy(from.numbers, from.number_bytes, numbers_.get());
    const std::uint16_t* const known = known_bounds_.get() + choice_[row] * step;
    std::transform(known, known + step, bounds_.data() + row * step,
                   [start](std::uint16_t bound) { return start + bound; });
}

template <class T>
void InputBatch<T>::gather_sparse(std::size_t row) {
    const std::uint32_t start = starts_[row], count = starts_[row + 1] - start;
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
                wide_places()[start + at] = static_cast<std::uint32_t>(places[from + at]);
                wide_numbers()[start + at] = value_of(X_, numbers[from + at]);
            }
            find_bounds(places + from, start, count, block_, blocks_, bounds_.data() + row * (blocks_ + 1));
        });
    });
}

template <class T>
void InputBatch<T>::gather_thinned(std::size_t row) {
    constexpr std::size_t most = 256;  // converted at a time
    std::uint32_t* const bounds = bounds_.data() + row * (blocks_ + 1);
    auto at = static_cast<std::uint32_t>(row * room_of_row());
    const auto thin = [&](const T* numbers, std::size_t first, std::size_t count) {
        at += static_cast<std::uint32_t>(kernels_.thin(numbers, first, count, wide_places() + at, wide_numbers() + at));
    };
    with_numbers(X_, [&](const auto* numbers) {
        const auto* from = numbers + choice_[row] * inputs_;
        for (std::size_t block = 0; block < blocks_; ++block) {
            bounds[block] = at;
            const std::size_t first = block * block_, end = std::min(first + block_, inputs_);
            if constexpr (std::is_same_v<decltype(numbers), const T*>) {
                thin(from + first, first, end - first);
            } else {
                for (std::size_t begin = first; begin < end; begin += most) {
                    T room[most];
                    const std::size_t count = std::min(most, end - begin);
                    for (std::size_t input = 0; input < count; ++input) room[input] = value_of(X_, from[begin + input]);
                    thin(room, begin, count);
                }
            }
        }
    });
    bounds[blocks_] = at;
}

template <class T>
void InputBatch<T>::describe(Factors<T>& factors, std::size_t first) const {
    if (sparse_)
        factors.lists = lists(first);
    else
        factors.a = x_ + first * x_stride_, factors.a_stride = x_stride_;
}

template <class T>
void InputBatch<T>::describe_transposed(Factors<T>& factors, std::size_t first) const {
    factors.a = x_ + first, factors.a_stride = x_stride_, factors.filled = x_ == gathered_.get();
}

template <class T>
Lists<T> InputBatch<T>::lists(std::size_t first) const {
    Lists<T> made = lists_;
    made.bounds += first * made.step;
    return made;
}

template class InputBatch<float>;
template class InputBatch<double>;

}  // namespace limpid
