// AVX2 and FMA: vectors of 32 bytes. Compiled with these instructions allowed.
#define LIMPID_LEVEL avx2
#define LIMPID_VECTOR_BYTES 32
#include "core/level.hpp"

namespace limpid {

template <>
const Kernels<float>& avx2_kernels() {
    return avx2::kernels<float>;
}
template <>
const Kernels<double>& avx2_kernels() {
    return avx2::kernels<double>;
}

}  // namespace limpid
