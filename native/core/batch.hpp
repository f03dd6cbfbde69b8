// A batch: some of the examples, gathered to where the kernels read them row by row.
#pragma once

#include <optional>

#include "core/backprop.hpp"

namespace limpid {

// What is learned from: X (rows, inputs), Y (rows, outputs), nothing between their rows; weights (rows,) or null.
template <class T>
struct Examples {
    const T *X, *Y, *weights;
    std::size_t rows;
};

template <class T>
class Batch {
   public:
    // Room for `rows` rows, at most `rows_at_once`; targets are smoothed by the share `label_smoothing`.
    Batch(const Network& network, const Examples<T>& examples, std::size_t rows, double label_smoothing);

    // What the `count` rows in `order` weigh together; null stands for the rows as they come.
    double weigh(const std::int64_t* order, std::size_t count) const;
    // Those rows, or where `order` is null the rows from `first` on; their cost counts by their share of `total`.
    Rows<T> gather(const std::int64_t* order, std::size_t first, std::size_t count, double total);

   private:
    Examples<T> examples_;
    std::size_t inputs_, outputs_, x_stride_, y_stride_;
    T sharper_, even_;
    Buffer<T> x_, y_, shares_;
    std::optional<Occupied> occupied_;  // known where it pays to leave zeros out
};

}  // namespace limpid
