// What is not zero of a row, in a list: what the first layer is given where most inputs are zero.
#pragma once

#include "core/kernels.hpp"
#include "core/transpose.hpp"

namespace limpid::LIMPID_LEVEL {

#if LIMPID_VECTOR_BYTES == 64

// The lanes of a that `kept` names, moved together.
inline Vector<float> together(Vector<float> a, unsigned kept) {
    return Vector<float>::of(_mm512_maskz_compress_ps(static_cast<__mmask16>(kept), a.lanes));
}
inline Vector<double> together(Vector<double> a, unsigned kept) {
    return Vector<double>::of(_mm512_maskz_compress_pd(static_cast<__mmask8>(kept), a.lanes));
}
inline Vector<float> first_of(const float* numbers, std::size_t count) {
    return Vector<float>::of(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << count) - 1), numbers));
}
inline Vector<double> first_of(const double* numbers, std::size_t count) {
    return Vector<double>::of(_mm512_maskz_loadu_pd(static_cast<__mmask8>((1U << count) - 1), numbers));
}

// No branch depends on what is zero.
template <class T>
std::size_t thin(const T* numbers, std::size_t first, std::size_t count, std::uint32_t* places, T* kept) {
    using V = Vector<T>;
    constexpr std::size_t width = V::width;
    static_assert(width <= entries_beyond && entries_beyond == 16);
    __m512i lanes = _mm512_add_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                     _mm512_set1_epi32(static_cast<int>(first)));
    std::size_t found = 0;
    for (std::size_t at = 0; at < count; at += width) {
        const V values = count - at < width ? first_of(numbers + at, count - at) : V::load(numbers + at);
        unsigned which = not_zero(values);
        asm("" : "+r"(which));  // GCC 12 may keep 8 bits in memory and count 32 there
        _mm512_storeu_si512(places + found, _mm512_maskz_compress_epi32(static_cast<__mmask16>(which), lanes));
        together(values, which).store(kept + found);
        lanes = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(width)));
        found += static_cast<std::size_t>(__builtin_popcount(which));
    }
    return found;
}

#else

// By groups, most of which are zero where most numbers are. Each number of another is written, and overwritten by the
// next if it was zero: a processor cannot foresee which are.
template <class T>
std::size_t thin(const T* numbers, std::size_t first, std::size_t count, std::uint32_t* places, T* kept) {
    constexpr std::size_t group = 16;
    std::size_t found = 0;
    for (std::size_t begin = 0; begin < count; begin += group) {
        const std::size_t end = begin + group < count ? begin + group : count;
        int some = 0;
        for (std::size_t at = begin; at < end; ++at) some |= numbers[at] != 0;
        for (std::size_t at = begin; some && at < end; ++at) {
            places[found] = static_cast<std::uint32_t>(first + at), kept[found] = numbers[at];
            found += numbers[at] != 0;
        }
    }
    return found;
}

#endif

}  // namespace limpid::LIMPID_LEVEL
