// The numbers of one optimizer step, bias corrections worked out: what the formulas in optimizers.hpp compute with.
#pragma once

#include "core/network.hpp"

namespace limpid {

template <class T>
struct StepNumbers {
    OptimizerKind kind;
    T rate;                // learning rate, corrected for a mean that started at 0
    T keep = 0, take = 0;  // of the first thing remembered, and of the new slope
    T keep_second = 0, take_second = 0;
    T root_scale = 1, epsilon = 0;  // sqrt(second) root_scale + epsilon
    T ahead = 0, ahead_slope = 0;   // nadam: the mean's and the slope's share in the direction
    T shrink = 1;                   // weight decay's factor
    T l2 = 0;                       // the penalty's slope a unit of weight
};

// For step number `step` (from 1) at the learning rate `rate`; `l2` is already divided by the batch's weight.
template <class T>
StepNumbers<T> step_numbers(const Optimizer& optimizer, double rate, std::uint64_t step, double l2);

// The same for biases, which neither decay nor cost anything.
template <class T>
StepNumbers<T> of_biases(StepNumbers<T> weights) {
    weights.l2 = 0, weights.shrink = 1;
    return weights;
}

}  // namespace limpid
