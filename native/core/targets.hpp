// What a batch's rows are to be answered with, and how much each counts.
#pragma once

#include "core/batch.hpp"

namespace limpid {

// What is learned from: X (rows, inputs), Y (rows, outputs) with nothing between its rows; weights (rows,) or null.
template <class T>
struct Examples {
    Inputs<T> X;
    const T *Y, *weights;
    std::size_t rows;
};

// The targets of a batch and each row's share of the cost.
template <class T>
class TargetBatch {
   public:
    TargetBatch(const Network& network, const Examples<T>& examples, std::size_t capacity, double label_smoothing);

    // What the chosen rows weigh together, or 1 where that is nothing.
    double weigh(const Choice& choice) const;
    // Some rows of the batch; their cost counts by their share of `total`.
    void gather(const Choice& choice, Range rows, double total);
    const T* y(std::size_t row) const { return y_.get() + row * stride_; }
    const T* shares(std::size_t row) const { return shares_.get() + row; }

   private:
    Examples<T> examples_;
    std::size_t outputs_, stride_;
    T sharper_;
    std::vector<T> even_;  // what each output gets of the probability that is spread; empty where none is
    Buffer<T> y_, shares_;
};

}  // namespace limpid
