// Descent: many batches in one call, each gathered, sent forward and back, and followed by the optimizer's step.
#pragma once

#include "core/backprop.hpp"

namespace limpid {

// What is learned from: X (rows, inputs), Y (rows, outputs), nothing between their rows; weights (rows,) or null.
template <class T>
struct Examples {
    const T *X, *Y, *weights;
    std::size_t rows;
};

// Where a descent stands.
template <class T>
struct State {
    Arrays<T> parameters;
    std::vector<Arrays<T>> slots;
    std::uint64_t step = 0;

    State(const Network& network, const Optimizer& optimizer);
};

struct StepCost {
    double cost, penalty;
};

template <class T>
class Descent {
   public:
    Descent(Network network, StepRule rule, Examples<T> examples, SimdLevel level);

    State<T> state;

    // A step for each batch of the `count` rows in `order`, before it the batch's cost and penalty into `costs`.
    void train(const std::int64_t* order, std::size_t count, const double* rates, std::size_t steps, StepCost* costs);

   private:
    StepCost step(const std::int64_t* batch, std::size_t count, double rate);
    double weigh(const std::int64_t* batch, std::size_t count) const;
    Rows<T> gather(const std::int64_t* batch, std::size_t count, double total);
    void descend(std::size_t layer, const Rows<T>& rows, bool first, const StepNumbers<T> (&numbers)[2]);
    void descend_clipped(const StepNumbers<T> (&numbers)[2], double l2);
    Movable<T> movable(std::size_t layer, bool bias);

    Network network_;
    StepRule rule_;
    Examples<T> examples_;
    const Kernels<T>& kernels_;
    Backprop<T> backprop_;
    Arrays<T> slopes_;
    Buffer<T> x_, y_, shares_;
    std::size_t x_stride_, y_stride_;
};

// The outputs (rows, outputs) for X (rows, inputs).
template <class T>
void predict(const Network& network, const Arrays<T>& parameters, const T* X, std::size_t rows, SimdLevel level,
             T* outputs);

// Every layer's weighted sums and activations, (rows, units) each.
template <class T>
void trace(const Network& network, const Arrays<T>& parameters, const T* X, std::size_t rows, SimdLevel level,
           const std::vector<T*>& z, const std::vector<T*>& a);

// Cost and penalty averaged over the examples by their weights, every layer's blame (rows, units), and the slopes.
template <class T>
StepCost gradients(const Network& network, const Arrays<T>& parameters, const Examples<T>& examples, double l2,
                   SimdLevel level, const std::vector<T*>& deltas, Arrays<T>& slopes);

}  // namespace limpid
