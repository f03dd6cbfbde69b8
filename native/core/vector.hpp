// Several numbers as one: the vector that all kernels compute with, as wide as the level has registers.
//
// Included once for each SIMD level, with LIMPID_LEVEL (the namespace) and LIMPID_VECTOR_BYTES defined: no inline
// function of one level may take the place of another's. Of a row's last, partly filled vector all lanes are computed.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace limpid::LIMPID_LEVEL {

// Whole numbers of a floating-point number's size, and how that number lies in them.
template <class T>
struct Bits;
template <>
struct Bits<float> {
    using Whole = std::int32_t;
    using Natural = std::uint32_t;
    static constexpr int mantissa = 23, bias = 127;
    static constexpr float to_whole = 0x1.8p23f;  // added to a small number, it leaves a whole one in the bits
    // here, since a function of the library would be compiled once for all levels
    static constexpr float least = std::numeric_limits<float>::min(), step = std::numeric_limits<float>::epsilon();
    static constexpr float infinity = std::numeric_limits<float>::infinity();
    static constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    static constexpr Whole all_but_sign = std::numeric_limits<Whole>::max();
};
template <>
struct Bits<double> {
    using Whole = std::int64_t;
    using Natural = std::uint64_t;
    static constexpr int mantissa = 52, bias = 1023;
    static constexpr double to_whole = 0x1.8p52;
    static constexpr double least = std::numeric_limits<double>::min(), step = std::numeric_limits<double>::epsilon();
    static constexpr double infinity = std::numeric_limits<double>::infinity();
    static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    static constexpr Whole all_but_sign = std::numeric_limits<Whole>::max();
};

template <class T>
struct Vector {
    typedef T Lanes __attribute__((vector_size(LIMPID_VECTOR_BYTES)));
    typedef T Anywhere __attribute__((vector_size(LIMPID_VECTOR_BYTES), aligned(alignof(T)), may_alias));
    typedef typename Bits<T>::Whole Wholes __attribute__((vector_size(LIMPID_VECTOR_BYTES)));
    typedef typename Bits<T>::Natural Naturals __attribute__((vector_size(LIMPID_VECTOR_BYTES)));  // they may wrap
    struct Mask {
        Wholes lanes;
    };
    static constexpr std::size_t width = LIMPID_VECTOR_BYTES / sizeof(T);

    Lanes lanes;

    Vector() = default;
    Vector(T all) : lanes(all - Lanes{}) {}

    static Vector of(Lanes each) {
        Vector made;
        made.lanes = each;
        return made;
    }
    static Vector load(const T* from) { return of(*reinterpret_cast<const Anywhere*>(from)); }
    void store(T* to) const { *reinterpret_cast<Anywhere*>(to) = lanes; }

    friend Vector operator+(Vector a, Vector b) { return of(a.lanes + b.lanes); }
    friend Vector operator-(Vector a, Vector b) { return of(a.lanes - b.lanes); }
    friend Vector operator*(Vector a, Vector b) { return of(a.lanes * b.lanes); }
    friend Vector operator/(Vector a, Vector b) { return of(a.lanes / b.lanes); }
    friend Vector operator-(Vector a) { return of(-a.lanes); }
    friend Mask operator<(Vector a, Vector b) { return {Wholes(a.lanes < b.lanes)}; }
    friend Mask operator<=(Vector a, Vector b) { return {Wholes(a.lanes <= b.lanes)}; }
    friend Mask operator>(Vector a, Vector b) { return b < a; }
    friend Mask operator==(Vector a, Vector b) { return {Wholes(a.lanes == b.lanes)}; }
};

// a where the mask holds, else b.
template <class T>
inline Vector<T> select(typename Vector<T>::Mask mask, Vector<T> a, Vector<T> b) {
    return Vector<T>::of(mask.lanes ? a.lanes : b.lanes);
}

// a b + c, rounded once where the level has such an instruction, else twice.
template <class T>
inline Vector<T> fma(Vector<T> a, Vector<T> b, Vector<T> c) {
#if defined(__AVX512F__) && LIMPID_VECTOR_BYTES == 64
    if constexpr (sizeof(T) == 4)
        return Vector<T>::of(_mm512_fmadd_ps(a.lanes, b.lanes, c.lanes));
    else
        return Vector<T>::of(_mm512_fmadd_pd(a.lanes, b.lanes, c.lanes));
#elif defined(__FMA__) && LIMPID_VECTOR_BYTES == 32
    if constexpr (sizeof(T) == 4)
        return Vector<T>::of(_mm256_fmadd_ps(a.lanes, b.lanes, c.lanes));
    else
        return Vector<T>::of(_mm256_fmadd_pd(a.lanes, b.lanes, c.lanes));
#else
    return a * b + c;
#endif
}

template <class T>
inline Vector<T> sqrt(Vector<T> a) {
#if defined(__AVX512F__) && LIMPID_VECTOR_BYTES == 64
    if constexpr (sizeof(T) == 4)
        return Vector<T>::of(_mm512_maskz_sqrt_ps(static_cast<__mmask16>(-1), a.lanes));
    else
        return Vector<T>::of(_mm512_maskz_sqrt_pd(static_cast<__mmask8>(-1), a.lanes));
#elif defined(__AVX2__) && LIMPID_VECTOR_BYTES == 32
    if constexpr (sizeof(T) == 4)
        return Vector<T>::of(_mm256_sqrt_ps(a.lanes));
    else
        return Vector<T>::of(_mm256_sqrt_pd(a.lanes));
#elif defined(__SSE2__) && LIMPID_VECTOR_BYTES == 16
    if constexpr (sizeof(T) == 4)
        return Vector<T>::of(_mm_sqrt_ps(a.lanes));
    else
        return Vector<T>::of(_mm_sqrt_pd(a.lanes));
#else
    for (std::size_t lane = 0; lane < Vector<T>::width; ++lane) a.lanes[lane] = std::sqrt(a.lanes[lane]);
    return a;
#endif
}

// A bit for each lane that is not zero.
template <class T>
inline unsigned not_zero(Vector<T> a) {
#if defined(__AVX512F__) && LIMPID_VECTOR_BYTES == 64
    if constexpr (sizeof(T) == 4)
        return _mm512_cmp_ps_mask(a.lanes, __m512{}, _CMP_NEQ_UQ);
    else
        return _mm512_cmp_pd_mask(a.lanes, __m512d{}, _CMP_NEQ_UQ);
#elif defined(__AVX2__) && LIMPID_VECTOR_BYTES == 32
    if constexpr (sizeof(T) == 4)
        return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(a.lanes, __m256{}, _CMP_NEQ_UQ)));
    else
        return static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(a.lanes, __m256d{}, _CMP_NEQ_UQ)));
#elif defined(__SSE2__) && LIMPID_VECTOR_BYTES == 16
    if constexpr (sizeof(T) == 4)
        return static_cast<unsigned>(_mm_movemask_ps(_mm_cmpneq_ps(a.lanes, __m128{})));
    else
        return static_cast<unsigned>(_mm_movemask_pd(_mm_cmpneq_pd(a.lanes, __m128d{})));
#else
    unsigned found = 0;
    for (std::size_t lane = 0; lane < Vector<T>::width; ++lane) found |= unsigned{a.lanes[lane] != 0} << lane;
    return found;
#endif
}

template <class T>
inline Vector<T> abs(Vector<T> a) {
    using Wholes = typename Vector<T>::Wholes;
    const Wholes all_but_sign = Wholes{} + Bits<T>::all_but_sign;
    return Vector<T>::of(typename Vector<T>::Lanes(Wholes(a.lanes) & all_but_sign));
}

// The larger, the smaller; where one is not a number the first.
template <class T>
inline Vector<T> max(Vector<T> a, Vector<T> b) {
    return select(a < b, b, a);
}
template <class T>
inline Vector<T> min(Vector<T> a, Vector<T> b) {
    return select(b < a, b, a);
}

// -1, 0 or 1.
template <class T>
inline Vector<T> sign(Vector<T> a) {
    const Vector<T> zero(T(0)), one(T(1));
    return select(a > zero, one, select(a < zero, -one, a));
}

}  // namespace limpid::LIMPID_LEVEL
