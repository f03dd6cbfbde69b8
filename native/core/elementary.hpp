// exp, expm1, log, log1p, tanh of a whole vector, from + - * / and fma alone: the same bits in every lane and at every
// level that has fma. Series are Taylor's, cut where the next term is below half a unit in the last place (ulp).
//
// Errors against exact values, tested over the range: exp 1.5 ulp, expm1 2.5, log 2.5, log1p 2.5, tanh 3.
#pragma once

#include "core/vector.hpp"

namespace limpid::LIMPID_LEVEL {

template <class T>
struct Series;  // how many terms, and ln 2 in two parts
template <>
struct Series<float> {
    static constexpr int exp = 7, log = 5;                        // terms after the first
    static constexpr float ln2_high = 0x1.63p-1f;                 // so short that its product with n is exact
    static constexpr float ln2_low = -0x1.bd0106p-13f;            // ln 2 less the above
    static constexpr float least = -86.6f, most = 0x1.62e42ep6f;  // exp is 0 below (2^-125), infinite above
};
template <>
struct Series<double> {
    static constexpr int exp = 13, log = 10;
    static constexpr double ln2_high = 0x1.62e42fee00000p-1;
    static constexpr double ln2_low = 0x1.a39ef35793c76p-33;
    static constexpr double least = -707.7, most = 0x1.62e42fefa39efp9;
};

// 1 / k!
template <class T>
struct InverseFactorials {
    T of[Series<T>::exp + 1] = {};
    constexpr InverseFactorials() {
        double factorial = 1;
        for (int k = 1; k <= Series<T>::exp; ++k) of[k] = T(1 / (factorial *= k));
    }
};

// x = n ln 2 + r: `growth` is e^r - 1, `half` is 2^(n - 1), which is finite where 2^n would not be.
template <class T>
struct Powers {
    Vector<T> growth, half;
};

template <class T>
inline Powers<T> powers(Vector<T> x) {
    using V = Vector<T>;
    using Naturals = typename V::Naturals;
    const V to_whole(Bits<T>::to_whole);
    const V shifted = fma(x, V(T(1.44269504088896340736)), to_whole);
    const V n = shifted - to_whole;
    const V r = fma(n, V(-Series<T>::ln2_low), fma(n, V(-Series<T>::ln2_high), x));
    const Naturals exponent = Naturals(shifted.lanes) - Naturals(to_whole.lanes) + (Bits<T>::bias - 1);
    constexpr InverseFactorials<T> inverse;
    V sum(inverse.of[Series<T>::exp]);
    for (int k = Series<T>::exp - 1; k >= 2; --k) sum = fma(sum, r, V(inverse.of[k]));
    return {fma(sum, r * r, r), V::of(typename V::Lanes(exponent << Bits<T>::mantissa))};
}

template <class T>
inline Vector<T> exp(Vector<T> x) {
    using V = Vector<T>;
    const V least(Series<T>::least), most(Series<T>::most);
    const Powers<T> part = powers(min(max(x, least), most));
    const V value = (part.growth + V(T(1))) * part.half * V(T(2));
    return select(x < least, V(T(0)), select(x > most, V(Bits<T>::infinity), value));
}

// e^x - 1 for x at most 80.
template <class T>
inline Vector<T> expm1(Vector<T> x) {
    using V = Vector<T>;
    const Powers<T> part = powers(max(x, V(T(-80))));
    const V scale = part.half + part.half;
    return fma(scale, part.growth, scale - V(T(1)));
}

// 2 atanh(s) = log((1 + s) / (1 - s)) for |s| up to 0.172.
template <class T>
inline Vector<T> twice_atanh(Vector<T> s) {
    using V = Vector<T>;
    const V square = s * s;
    V sum(T(2.0 / (2 * Series<T>::log + 1)));
    for (int k = Series<T>::log - 1; k >= 1; --k) sum = fma(sum, square, V(T(2.0 / (2 * k + 1))));
    return fma(sum * square, s, s + s);
}

// The logarithm of x; of numbers below the smallest normal one that of 0.
template <class T>
inline Vector<T> log(Vector<T> x) {
    using V = Vector<T>;
    using Naturals = typename V::Naturals;
    constexpr int mantissa = Bits<T>::mantissa;
    // x = 2^n m with m between sqrt(1/2) and sqrt(2)
    const Naturals root = Naturals(V(T(0.70710678118654752440)).lanes), bits = Naturals(x.lanes);
    const Naturals bias = Naturals{} + Bits<T>::bias;
    const Naturals exponent = ((bits - root + (bias << mantissa)) >> mantissa) - bias;
    const V m = V::of(typename V::Lanes(bits - (exponent << mantissa)));
    const V to_whole(Bits<T>::to_whole);
    const V n = V::of(typename V::Lanes(exponent + Naturals(to_whole.lanes))) - to_whole;
    const V one(T(1));
    const V small = fma(n, V(Series<T>::ln2_low), twice_atanh((m - one) / (m + one)));
    const V value = fma(n, V(Series<T>::ln2_high), small);
    const V outside = select(x < V(T(0)), V(Bits<T>::nan), V(-Bits<T>::infinity));
    return select(x < V(Bits<T>::least), outside, select(x < V(Bits<T>::infinity), value, x));
}

// log(1 + u) for u from 0 to 1.
template <class T>
inline Vector<T> log1p(Vector<T> u) {
    using V = Vector<T>;
    const V one(T(1)), three(T(3)), two(T(2));
    const auto near = u <= V(T(0.41421356237309504880));
    // 1 + u, or (1 + u) / 2 where that is nearer to 1
    const V s = select(near, u, u - one) / select(near, u + two, u + three);
    return twice_atanh(s) + select(near, V(T(0)), V(T(0.69314718055994530942)));
}

template <class T>
inline Vector<T> tanh(Vector<T> x) {
    using V = Vector<T>;
    const V grown = expm1(min(V(T(2)) * abs(x), V(T(40))));
    const V value = grown / (grown + V(T(2)));
    return select(x < V(T(0)), -value, value);
}

}  // namespace limpid::LIMPID_LEVEL
