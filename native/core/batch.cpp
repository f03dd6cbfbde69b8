#include "core/batch.hpp"

#include <algorithm>
#include <bit>
#include <type_traits>

#include "core/compressed.hpp"

namespace limpid {
namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 16;  // of weights, and of slopes
constexpr double units_to_spread = 12;  // measured: units for each of the inputs that is not zero, on average
constexpr std::size_t rows_to_spread = 16;
constexpr double entries_a_block = 8;  // of a row; with fewer, going from block to block would cost more than it saves

template <class T>
double entries_a_row(const Inputs<T>& X, std::size_t rows) {
    return with_places(X, [&](const auto*, const auto* starts) {
        return static_cast<double>(starts[rows] - starts[0]) / static_cast<double>(rows);
    });
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
    const double entries = X_.sparse() ? entries_a_row(X_, rows) : static_cast<double>(inputs);
    block_ = block_of(entries, units);
    spreads_ = X_.sparse() && !first.embeds() && capacity >= rows_to_spread && capacity <= rows_at_once &&
               entries * static_cast<double>(units) >= units_to_spread * static_cast<double>(inputs);
    blocks_ = (inputs_ + block_ - 1) / block_;
    if (X_.sparse())
        rows_.emplace(X_, rows, inputs_, capacity, block_, !thins);
    else
        bounds_.resize(capacity * (blocks_ + 1)), places_.resize(room), numbers_.resize(room);
}

template <class T>
std::size_t InputBatch<T>::block_of(double entries_a_row, std::size_t units) const {
    constexpr std::size_t most_units = 8 * cache_line / sizeof(T);  // columns that are taken together
    const double few = entries_a_block * static_cast<double>(inputs_) / std::max(entries_a_row, 1e-9);
    std::size_t block = std::bit_floor(block_bytes / sizeof(T) / std::min(units, most_units));
    while (static_cast<double>(block) < few && block < inputs_) block *= 2;
    return block;
}

template <class T>
void InputBatch<T>::begin(const Choice& choice) {
    choice_ = choice;
    if (rows_) return rows_->begin(choice);
    if (sparse_) return;
    const bool as_it_is = !choice.order && X_.number == (sizeof(T) == 4 ? Number::float32 : Number::float64);
    x_ = as_it_is ? static_cast<const T*>(X_.numbers) + choice.first * inputs_ : gathered_.get();
    x_stride_ = as_it_is ? inputs_ : stride_;
}

template <class T>
void InputBatch<T>::gather(Range rows) {
    for (std::size_t row = rows.first; row < rows.first + rows.count; ++row)
        if (rows_)
            rows_->gather(row);
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
void InputBatch<T>::gather_thinned(std::size_t row) {
    constexpr std::size_t most = 256;  // converted at a time
    std::uint32_t* const bounds = bounds_.data() + row * (blocks_ + 1);
    auto at = static_cast<std::uint32_t>(row * room_of_row());
    const auto thin = [&](const T* numbers, std::size_t first, std::size_t count) {
        at +=
            static_cast<std::uint32_t>(kernels_.thin(numbers, first, count, places_.data() + at, numbers_.data() + at));
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
    if (rows_) return rows_->lists(first);
    const std::size_t step = blocks_ + 1;
    return {bounds_.data() + first * step, step, blocks_, Listing::wide, places_.data(), numbers_.data()};
}

template class InputBatch<float>;
template class InputBatch<double>;

}  // namespace limpid
