#include "core/batch.hpp"

#include <algorithm>

namespace limpid {
namespace {

// Whether more than a third of the tiles of inputs are zeros, so that leaving them out pays: by a hundred rows from all
// over the examples.
template <class T>
bool many_zeros(const Examples<T>& examples, std::size_t inputs) {
    std::size_t seen = 0, empty = 0;
    for (std::size_t row = 0; row < examples.rows; row += examples.rows / 100 + 1)
        for (std::size_t input = 0; input + tile_rows <= inputs; input += tile_rows, ++seen) {
            const T* tile = examples.X + row * inputs + input;
            empty += std::all_of(tile, tile + tile_rows, [](T number) { return number == 0; });
        }
    return 3 * empty > seen;
}

}  // namespace

template <class T>
Batch<T>::Batch(const Network& network, const Examples<T>& examples, std::size_t rows, double label_smoothing)
    : examples_(examples),
      inputs_(network.inputs()),
      outputs_(network.outputs()),
      x_stride_(stride_of<T>(inputs_)),
      y_stride_(stride_of<T>(outputs_)),
      sharper_(static_cast<T>(1 - label_smoothing)) {
    const bool yes_or_no = network.cost.kind == CostKind::binary_cross_entropy;
    even_ = static_cast<T>(label_smoothing / (yes_or_no ? 2 : static_cast<double>(outputs_)));
    rows = std::min(rows, rows_at_once);
    x_ = Buffer<T>(rows * x_stride_), y_ = Buffer<T>(rows * y_stride_), shares_ = Buffer<T>(rows);
    if (many_zeros(examples, inputs_)) occupied_.emplace(examples.X, examples.rows, inputs_, rows);
}

template <class T>
double Batch<T>::weigh(const std::int64_t* order, std::size_t count) const {
    if (!examples_.weights) return static_cast<double>(count);
    double total = 0;
    for (std::size_t row = 0; row < count; ++row)
        total += static_cast<double>(examples_.weights[order ? static_cast<std::size_t>(order[row]) : row]);
    return total;
}

template <class T>
Rows<T> Batch<T>::gather(const std::int64_t* order, std::size_t first, std::size_t count, double total) {
    if (occupied_) occupied_->begin();
    for (std::size_t row = 0; row < count; ++row) {
        const std::size_t from = order ? static_cast<std::size_t>(order[first + row]) : first + row;
        std::copy_n(examples_.X + from * inputs_, inputs_, x_.get() + row * x_stride_);
        if (occupied_) occupied_->add(from);
        const T* y = examples_.Y + from * outputs_;
        T* to = y_.get() + row * y_stride_;
        if (even_ > 0)
            std::transform(y, y + outputs_, to, [this](T target) { return sharper_ * target + even_; });
        else
            std::copy_n(y, outputs_, to);
        shares_.get()[row] = (examples_.weights ? examples_.weights[from] : T(1)) / static_cast<T>(total);
    }
    return {x_.get(), x_stride_, y_.get(), shares_.get(), count, occupied_ ? &*occupied_ : nullptr};
}

template class Batch<float>;
template class Batch<double>;

}  // namespace limpid
