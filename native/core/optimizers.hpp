// Optimizers: how far a weight moves for its slope, as in optimizers.py; the numbers of one step are made in steps.cpp.
#pragma once

#include "core/steps.hpp"
#include "core/vector.hpp"

namespace limpid::LIMPID_LEVEL {

// The weight w after a step along the slope g; `first` and `second` are what the optimizer remembers.
template <OptimizerKind kind, class T>
[[gnu::always_inline]] inline Vector<T> move(const StepNumbers<T>& n, Vector<T> w, Vector<T> g, Vector<T>& first,
                                             Vector<T>& second) {
    using V = Vector<T>;
    const V rate(n.rate), keep(n.keep), take(n.take);
    g = fma(V(n.l2), w, g);
    if constexpr (kind == OptimizerKind::gradient_descent) {
        return fma(-rate, g, w);
    } else if constexpr (kind == OptimizerKind::momentum) {
        first = fma(keep, first, -(rate * g));
        return w + first;
    } else if constexpr (kind == OptimizerKind::nesterov) {
        first = fma(keep, first, -(rate * g));
        return w + fma(keep, first, -(rate * g));
    } else if constexpr (kind == OptimizerKind::rmsprop) {
        first = fma(keep, first, take * g * g);
        return w - rate * g / (sqrt(first) + V(n.epsilon));
    } else if constexpr (kind == OptimizerKind::lion) {
        const V direction = sign(fma(keep, first, take * g));
        first = fma(V(n.keep_second), first, V(n.take_second) * g);
        return fma(V(n.shrink), w, -(rate * direction));
    } else {
        first = fma(keep, first, take * g);
        second = fma(V(n.keep_second), second, V(n.take_second) * g * g);
        const V root = fma(sqrt(second), V(n.root_scale), V(n.epsilon));
        if constexpr (kind == OptimizerKind::nadam) {
            return w - rate * fma(V(n.ahead), first, V(n.ahead_slope) * g) / root;
        } else {
            static_assert(kind == OptimizerKind::adam);  // adamw too: with_optimizer
            return fma(V(n.shrink), w, -(rate * first / root));
        }
    }
}

// Calls `use` with the optimizer as a constant.
template <class Use>
[[gnu::always_inline]] inline void with_optimizer(OptimizerKind kind, Use use) {
    switch (kind) {
        case OptimizerKind::gradient_descent:
            return use.template operator()<OptimizerKind::gradient_descent>();
        case OptimizerKind::momentum:
            return use.template operator()<OptimizerKind::momentum>();
        case OptimizerKind::nesterov:
            return use.template operator()<OptimizerKind::nesterov>();
        case OptimizerKind::rmsprop:
            return use.template operator()<OptimizerKind::rmsprop>();
        case OptimizerKind::adam:
        case OptimizerKind::adamw:  // adam with another `shrink`
            return use.template operator()<OptimizerKind::adam>();
        case OptimizerKind::nadam:
            return use.template operator()<OptimizerKind::nadam>();
        case OptimizerKind::lion:
            return use.template operator()<OptimizerKind::lion>();
    }
}

}  // namespace limpid::LIMPID_LEVEL
