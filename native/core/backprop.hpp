// Forward to the cost and back to every weight, for some rows at a time: the order of backprop.py, the arithmetic of
// the kernels.
#pragma once

#include "core/kernels.hpp"
#include "core/layout.hpp"
#include "core/occupied.hpp"

namespace limpid {

// What a batch costs: the average over its rows, and the penalty on the weights.
struct BatchCost {
    double cost, penalty;
};

// Rows that go through all layers together; of larger batches the slopes are summed up part by part, in one chain.
inline constexpr std::size_t rows_at_once = 512;

// Rows as a network reads them: x (rows, inputs), targets y (rows, outputs) filled up like a layer's outputs, and each
// row's share of the cost.
template <class T>
struct Rows {
    const T* x;
    std::size_t x_stride;
    const T *y, *shares;
    std::size_t count;
    const Occupied* occupied = nullptr;  // where x is not zero, if that is known
};

// The key of a step's dropout masks, and the place in the batch of the first row.
struct Dropout {
    double rate = 0;
    std::uint64_t seed = 0, step = 0;
    std::size_t first_row = 0;
};

template <class T>
class Backprop {
   public:
    // Room for `rows` rows, at most `rows_at_once`. `learns` makes room for the way back too.
    Backprop(const Network& network, const Kernels<T>& kernels, std::size_t rows, bool learns);

    // A layer's activations (of the last one the weighted sums) and, once it was reached on the way back, dC/dz.
    const T* activations(std::size_t layer) const { return rooms_[layer].a.get(); }
    const T* delta(std::size_t layer) const { return rooms_[layer].delta.get(); }
    std::size_t stride(std::size_t layer) const { return rooms_[layer].stride; }

    // Activations and slopes of all hidden layers, weighted sums of the last.
    void forward(const Arrays<T>& parameters, const Rows<T>& rows, const Dropout& dropout = {});
    // The last layer's activations, in place of its sums.
    void activate_output(std::size_t rows);
    // The rows' cost by their shares; leaves the last layer's delta.
    double cost(const Rows<T>& rows);
    // Takes over the weights that deltas flow back through: once before the first `back` of a step.
    void prepare_back(const Arrays<T>& parameters);
    // The delta of layer - 1 from that of `layer`.
    void back(std::size_t layer, std::size_t rows);
    // The factors of a layer's slope: what went in, and delta.
    Factors<T> slope_factors(std::size_t layer, const Rows<T>& rows) const;
    // Adds the rows' slopes of a layer to `slopes`, or starts them.
    void accumulate(std::size_t layer, const Rows<T>& rows, Arrays<T>& slopes, bool fresh) const;
    void accumulate_bias(std::size_t layer, std::size_t rows, Arrays<T>& slopes, bool fresh) const;

    // The sum of the squares of all arrays: of the weights, and of biases where these count.
    double sum_of_squares(const Arrays<T>& arrays, bool biases) const;

   private:
    struct Room {
        std::size_t inputs, units, stride;
        Buffer<T> a, delta, mask;
        Buffer<T> transposed;  // W^T, (units, inputs)
    };
    const Network& network_;
    const Kernels<T>& kernels_;
    std::size_t capacity_;
    std::vector<Room> rooms_;
    Buffer<T> columns_, waiting_;  // room for one row; for sums of deep products
};

}  // namespace limpid
