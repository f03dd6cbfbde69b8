// AVX-512 (F, BW, DQ, VL) and FMA: vectors of 64 bytes. Compiled with these instructions allowed.
#define LIMPID_LEVEL avx512
#define LIMPID_VECTOR_BYTES 64
#include "core/level.hpp"

namespace limpid {
namespace {

// A layer that leaves half of each vector empty is made of half vectors, to the same bits: there are processors that
// take twice as long over whole ones.
template <class T>
void layer(const Factors<T>& factors, const T* bias, Activation activation, T* a, T* slope, const T* mask,
           std::size_t stride) {
    const bool half = factors.columns <= avx512::Vector<T>::width / 2;
    (half ? avx2_kernels<T>().layer : avx512::layer<T>)(factors, bias, activation, a, slope, mask, stride);
}

template <class T>
constexpr Kernels<T> made() {
    Kernels<T> kernels = avx512::kernels<T>;
    kernels.layer = layer<T>;
    return kernels;
}

constexpr Kernels<float> of_floats = made<float>();
constexpr Kernels<double> of_doubles = made<double>();

}  // namespace

template <>
const Kernels<float>& avx512_kernels() {
    return of_floats;
}
template <>
const Kernels<double>& avx512_kernels() {
    return of_doubles;
}

}  // namespace limpid
