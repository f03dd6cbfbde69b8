// What is not zero of a row, in a list: what the first layer is given where most inputs are zero.
#pragma once

#include "core/kernels.hpp"
#include "core/transpose.hpp"

namespace limpid::LIMPID_LEVEL {

#if LIMPID_VECTOR_BYTES == 64

// The lanes of a, and the places of these lanes from `first` on, that `kept` names, moved together.
inline Vector<float> together(Vector<float> a, unsigned kept) {
    return Vector<float>::of(_mm512_maskz_compress_ps(static_cast<__mmask16>(kept), a.lanes));
}
inline Vector<double> together(Vector<double> a, unsigned kept) {
    return Vector<double>::of(_mm512_maskz_compress_pd(static_cast<__mmask8>(kept), a.lanes));
}
inline unsigned not_zero(Vector<float> a) { return _mm512_cmp_ps_mask(a.lanes, __m512{}, _CMP_NEQ_UQ); }
inline unsigned not_zero(Vector<double> a) { return _mm512_cmp_pd_mask(a.lanes, __m512d{}, _CMP_NEQ_UQ); }
inline Vector<float> first_of(const float* numbers, std::size_t count) {
    return Vector<float>::of(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << count) - 1), numbers));
}
inline Vector<double> first_of(const double* numbers, std::size_t count) {
    return Vector<double>::of(_mm512_maskz_loadu_pd(static_cast<__mmask8>((1U << count) - 1), numbers));
}

// A place and its number are two lanes next to each other: no branch depends on what is zero.
template <class T>
std::size_t thin(const T* numbers, std::size_t first, std::size_t count, Entry<T>* entries) {
    using V = Vector<T>;
    using Naturals = typename V::Naturals;
    constexpr std::size_t width = V::width;
    static_assert(sizeof(Entry<T>) == 2 * sizeof(T) && width <= entries_beyond);
    constexpr auto lanes = std::make_index_sequence<width>();
    Naturals places;
    for (std::size_t lane = 0; lane < width; ++lane)
        places[lane] = static_cast<typename Bits<T>::Natural>(first + lane);
    std::size_t kept = 0;
    for (std::size_t at = 0; at < count; at += width, places += width) {
        const V values = count - at < width ? first_of(numbers + at, count - at) : V::load(numbers + at);
        unsigned which = not_zero(values);
        asm("" : "+r"(which));  // GCC 12 may keep 8 bits in memory and count 32 there
        const V where = together(V::of(typename V::Lanes(places)), which), what = together(values, which);
        T* const to = reinterpret_cast<T*>(entries + kept);
        interleaved<false>(where, what, lanes).store(to);
        interleaved<true>(where, what, lanes).store(to + width);
        kept += static_cast<std::size_t>(__builtin_popcount(which));
    }
    return kept;
}

#else

// By groups, most of which are zero where most numbers are. Each number of another is written, and overwritten by the
// next if it was zero: a processor cannot foresee which are.
template <class T>
std::size_t thin(const T* numbers, std::size_t first, std::size_t count, Entry<T>* entries) {
    constexpr std::size_t group = 16;
    std::size_t kept = 0;
    for (std::size_t begin = 0; begin < count; begin += group) {
        const std::size_t end = begin + group < count ? begin + group : count;
        int some = 0;
        for (std::size_t at = begin; at < end; ++at) some |= numbers[at] != 0;
        for (std::size_t at = begin; some && at < end; ++at) {
            entries[kept] = {static_cast<std::uint32_t>(first + at), numbers[at]};
            kept += numbers[at] != 0;
        }
    }
    return kept;
}

#endif

}  // namespace limpid::LIMPID_LEVEL
