#include "core/steps.hpp"

#include <cmath>

namespace limpid {

template <class T>
StepNumbers<T> step_numbers(const Optimizer& optimizer, double rate, std::uint64_t step, double l2) {
    const double t = static_cast<double>(step), b1 = optimizer.beta_1, b2 = optimizer.beta_2;
    StepNumbers<T> n{.kind = optimizer.kind, .rate = T(rate)};
    n.l2 = T(l2);
    n.shrink = T(1 - rate * optimizer.weight_decay);
    n.keep = T(b1), n.take = T(1 - b1), n.keep_second = T(b2), n.take_second = T(1 - b2);
    n.epsilon = T(optimizer.epsilon);
    const double correction = std::sqrt(1 - std::pow(b2, t));
    switch (optimizer.kind) {
        case OptimizerKind::momentum:
        case OptimizerKind::nesterov:
            n.keep = T(optimizer.momentum);
            break;
        case OptimizerKind::rmsprop:
            n.keep = T(optimizer.decay), n.take = T(1 - optimizer.decay);
            break;
        case OptimizerKind::adam:
        case OptimizerKind::adamw:
            n.rate = T(rate / (1 - std::pow(b1, t)));
            n.root_scale = T(1 / correction);
            if (optimizer.epsilon_before_correction) n.epsilon = T(optimizer.epsilon / correction);
            break;
        case OptimizerKind::nadam:
            n.ahead = T(b1 / (1 - std::pow(b1, t + 1))), n.ahead_slope = T((1 - b1) / (1 - std::pow(b1, t)));
            n.root_scale = T(1 / correction);
            break;
        case OptimizerKind::gradient_descent:
        case OptimizerKind::lion:
            break;
    }
    return n;
}

template StepNumbers<float> step_numbers(const Optimizer&, double, std::uint64_t, double);
template StepNumbers<double> step_numbers(const Optimizer&, double, std::uint64_t, double);

}  // namespace limpid
