// Costs: each output's share of the cost and its slope dC/da side by side, as in costs.py; and, for the activation that
// matches a cost, the same share from z, without overflow.
#pragma once

#include "core/activations.hpp"

namespace limpid::LIMPID_LEVEL {

template <class T>
struct TermAndSlope {
    Vector<T> term, slope;
};

// x log(y), and 0 where x is 0 whatever y is.
template <class T>
inline Vector<T> xlogy(Vector<T> x, Vector<T> y) {
    const Vector<T> zero(T(0)), one(T(1));
    const auto nothing = x == zero;
    return select(nothing, zero, x * log(select(nothing, one, y)));
}

// A probability or rate that underflowed to 0 still has a finite logarithm.
template <class T>
inline Vector<T> away_from_zero(Vector<T> a) {
    return max(a, Vector<T>(Bits<T>::least));
}

template <class T>
inline TermAndSlope<T> cost_of(const Measure& cost, std::size_t unit, Vector<T> a, Vector<T> y) {
    using V = Vector<T>;
    const V zero(T(0)), half(T(0.5)), one(T(1));
    const V error = a - y;
    switch (cost.kind) {
        case CostKind::squared_error:
            return {half * error * error, error};
        case CostKind::absolute_error:
            return {abs(error), sign(error)};
        case CostKind::huber: {
            const V width{T(cost.numbers[unit * cost.step])};
            const V near = min(max(error, -width), width);
            return {near * (error - half * near), near};
        }
        case CostKind::quantile: {
            const double number = cost.numbers[unit * cost.step];
            const V level{T(number)}, high{T(1 - number)};
            const V slope = select(error > zero, high, select(error < zero, -level, zero));
            return {error * slope, slope};
        }
        case CostKind::poisson: {
            const V rate = away_from_zero(a);
            return {xlogy(y, y) - xlogy(y, rate) + rate - y, one - y / rate};
        }
        case CostKind::binary_cross_entropy: {
            const V margin(Bits<T>::step);
            const V p = min(max(a, margin), one - margin);
            return {-xlogy(y, p) - xlogy(one - y, one - p), (p - y) / (p * (one - p))};
        }
        case CostKind::cross_entropy:
            break;  // only softmax fits it, and matches it
    }
    return {zero, zero};
}

// The share of the cost for the matching activation's z.
template <class T>
inline Vector<T> term_from_z(CostKind cost, Vector<T> z, Vector<T> y) {
    const Vector<T> zero(T(0)), half(T(0.5));
    if (cost == CostKind::poisson) return xlogy(y, y) - y * z + exp(z) - y;
    if (cost == CostKind::binary_cross_entropy) return select(z <= zero, zero, z) - z * y + log1p(exp(-abs(z)));
    return half * (z - y) * (z - y);
}

}  // namespace limpid::LIMPID_LEVEL
