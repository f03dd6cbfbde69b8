// Forward to the cost and back to every weight, for some rows of a batch: the order of backprop.py, the arithmetic of
// the kernels. What is done for one row touches no other row's memory, so that threads may share the rows.
#pragma once

#include "core/targets.hpp"

namespace limpid {

// The key of a step's dropout masks, and the place in the batch of the first row.
struct Dropout {
    double rate = 0;
    std::uint64_t seed = 0, step = 0;
    std::size_t first_row = 0;
};

// What room a network's rows need: for the way back too, for dropout masks.
struct Rooms {
    std::size_t rows;  // at most `rows_at_once` of them are used
    bool learns = false, drops = false;
    std::size_t members = 1;  // threads that share the rows
};

template <class T>
class Backprop {
   public:
    Backprop(const Network& network, const Kernels<T>& kernels, const Rooms& rooms);

    // A layer's activations (of the last one the weighted sums) and, once it was reached on the way back, dC/dz.
    const T* activations(std::size_t layer) const { return rooms_[layer].a.get(); }
    const T* delta(std::size_t layer) const { return rooms_[layer].delta.get(); }
    std::size_t stride(std::size_t layer) const { return rooms_[layer].stride; }

    // Activations and slopes of all hidden layers, weighted sums of the last.
    void forward(const Weights<T>& parameters, const InputBatch<T>& inputs, Range rows, const Dropout& dropout = {});
    // The last layer's activations, in place of its sums.
    void activate_output(Range rows, std::size_t member);
    // The rows' costs by their shares, kept until `cost`; leaves the last layer's delta.
    void measure(const TargetBatch<T>& targets, Range rows, std::size_t member);
    // The first `rows` rows' costs together.
    double cost(std::size_t rows) const;
    // Takes over weights of a layer that deltas flow back through: before the first `back`, and where they changed.
    void prepare_back(const Arrays<T>& parameters, std::size_t layer, Range inputs, Range units);
    // The delta of layer - 1 from that of `layer`.
    void back(std::size_t layer, Range rows);
    // The factors of a layer's slope along some inputs: what went in, and delta. Not for a first layer's sparse rows.
    Factors<T> slope_factors(std::size_t layer, const InputBatch<T>& inputs, Range which, std::size_t rows) const;

   private:
    struct Room {
        std::size_t inputs, units, stride;
        Buffer<T> a, delta, mask;
        Buffer<T> transposed;  // W^T, (units, inputs)
    };
    T* output_room(std::size_t member) const { return output_room_.get() + member * output_numbers_; }

    const Network& network_;
    const Kernels<T>& kernels_;
    std::vector<Room> rooms_;
    std::size_t output_numbers_;
    Buffer<T> costs_, output_room_, waiting_;  // of each row; of each member; for sums of deep products
};

}  // namespace limpid
