// Descent: many batches in one call, each gathered, sent forward and back, and followed by the optimizer's step.
#pragma once

#include "core/batch.hpp"

namespace limpid {

// Where a descent stands.
template <class T>
struct State {
    Arrays<T> parameters;
    std::vector<Arrays<T>> slots;
    std::uint64_t step = 0;  // batches done so far
};

template <class T>
class Descent {
   public:
    // The examples must outlive it and stay as they are; `start` has as many slots as the rule's optimizer.
    Descent(Network network, const StepRule& rule, const Examples<T>& examples, State<T> start, SimdLevel level);
    Descent(const Descent&) = delete;  // parts of it refer to others
    Descent& operator=(const Descent&) = delete;

    State<T> state;

    // A step for each batch of the `count` rows in `order`, at the learning rates `rates` (steps,); what each batch
    // cost before its step goes to `costs`.
    void train(const std::int64_t* order, std::size_t count, const double* rates, std::size_t steps, BatchCost* costs);

   private:
    // The numbers of one step, for weights and for biases.
    struct Numbers {
        StepNumbers<T> weights, biases;
    };

    BatchCost step(const std::int64_t* order, std::size_t count, double rate);
    void descend(std::size_t layer, const Rows<T>& rows, bool fresh, const Numbers& numbers);
    void descend_clipped(Numbers numbers, double l2);
    Movable<T> movable(std::size_t layer, Buffer<T> Arrays<T>::OfLayer::* array);

    Network network_;
    StepRule rule_;
    const Kernels<T>& kernels_;
    Backprop<T> backprop_;
    Batch<T> batch_;
    Arrays<T> slopes_;
};

}  // namespace limpid
