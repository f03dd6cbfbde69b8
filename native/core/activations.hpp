// Activations: each one's value f(z) and slope f'(z) side by side, as in activations.py. Softmax is in output.hpp: it
// looks at a whole row.
#pragma once

#include "core/elementary.hpp"
#include "core/network.hpp"

namespace limpid::LIMPID_LEVEL {

template <class T>
struct ValueAndSlope {
    Vector<T> value, slope;
};

// e^-|z| and 1 / (1 + e^-z): what the smooth activations share.
template <class T>
struct Logistic {
    Vector<T> decay, value;

    explicit Logistic(Vector<T> z) {
        const Vector<T> one(T(1)), zero(T(0));
        decay = exp(-abs(z));
        value = select(zero <= z, one, decay) / (one + decay);
    }
};

// The table of formulas: f and f' of each activation at z.
template <Activation kind, class T>
inline ValueAndSlope<T> activate(Vector<T> z) {
    using V = Vector<T>;
    const V zero(T(0)), one(T(1)), half(T(0.5)), two(T(2)), three(T(3));
    const auto below = z <= zero;  // a number that is not one counts as above, so that it comes through
    if constexpr (kind == Activation::identity) {
        return {z, one};
    } else if constexpr (kind == Activation::sigmoid) {
        const V a = Logistic<T>(z).value;
        return {a, a * (one - a)};
    } else if constexpr (kind == Activation::tanh) {
        const V a = tanh(z);
        return {a, one - a * a};
    } else if constexpr (kind == Activation::relu) {
        return {select(below, zero, z), select(z > zero, one, zero)};
    } else if constexpr (kind == Activation::leaky_relu) {
        const V leak(T(0.01));
        return {select(below, leak * z, z), select(below, leak, one)};
    } else if constexpr (kind == Activation::elu) {
        const V grown = expm1(select(below, z, zero));
        return {select(below, grown, z), select(below, grown + one, one)};
    } else if constexpr (kind == Activation::selu) {
        const V scale(T(1.0507009873554804934)), below_scale(T(1.0507009873554804934 * 1.6732632423543772848));
        const V grown = expm1(select(below, z, zero));
        return {select(below, below_scale * grown, scale * z), select(below, below_scale * (grown + one), scale)};
    } else if constexpr (kind == Activation::gelu) {
        const V root(T(0.7978845608028654)), cubic(T(0.044715));
        const V near = min(max(z, V(T(-10))), V(T(10)));  // beyond, tanh is 1 and z^3 could overflow
        const V t = tanh(root * fma(cubic * near * near, near, near));
        const V inner_slope = root * fma(three * cubic, near * near, one);
        return {half * z * (one + t), fma(half * z * (one - t * t), inner_slope, half * (one + t))};
    } else if constexpr (kind == Activation::silu) {
        const V s = Logistic<T>(z).value;
        return {z * s, fma(z * s, one - s, s)};
    } else if constexpr (kind == Activation::softplus) {
        const Logistic<T> s(z);
        return {select(below, zero, z) + log1p(s.decay), s.value};
    } else if constexpr (kind == Activation::mish) {
        const Logistic<T> s(z);
        const V t = tanh(select(below, zero, z) + log1p(s.decay));
        return {z * t, fma(z * (one - t * t), s.value, t)};
    } else {
        static_assert(kind == Activation::exp);
        const V a = exp(z);
        return {a, a};
    }
}

// f over `rows` x `vectors` vectors of z, in place: z becomes a; f' goes to `slope` where that is wanted. Both are
// multiplied with `mask` where there is one. All three lie alike, `stride` numbers from row to row.
template <Activation kind, class T>
[[gnu::noinline]] void activate_block(T* z, T* slope, const T* mask, std::size_t stride, std::size_t rows,
                                      std::size_t vectors) {
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t vector = 0; vector < vectors; ++vector) {
            const std::size_t at = row * stride + vector * Vector<T>::width;
            ValueAndSlope<T> found = activate<kind>(Vector<T>::load(z + at));
            if (mask) {
                const Vector<T> factor = Vector<T>::load(mask + at);
                found = {found.value * factor, found.slope * factor};
            }
            found.value.store(z + at);
            if (slope) found.slope.store(slope + at);
        }
}

// Calls `use` with the activation as a constant. Softmax counts as the identity here.
template <class Use>
inline void with_activation(Activation kind, Use use) {
    switch (kind) {
        case Activation::sigmoid:
            return use.template operator()<Activation::sigmoid>();
        case Activation::tanh:
            return use.template operator()<Activation::tanh>();
        case Activation::relu:
            return use.template operator()<Activation::relu>();
        case Activation::leaky_relu:
            return use.template operator()<Activation::leaky_relu>();
        case Activation::elu:
            return use.template operator()<Activation::elu>();
        case Activation::selu:
            return use.template operator()<Activation::selu>();
        case Activation::gelu:
            return use.template operator()<Activation::gelu>();
        case Activation::silu:
            return use.template operator()<Activation::silu>();
        case Activation::softplus:
            return use.template operator()<Activation::softplus>();
        case Activation::mish:
            return use.template operator()<Activation::mish>();
        case Activation::exp:
            return use.template operator()<Activation::exp>();
        case Activation::identity:
        case Activation::softmax:
            return use.template operator()<Activation::identity>();
    }
}

}  // namespace limpid::LIMPID_LEVEL
