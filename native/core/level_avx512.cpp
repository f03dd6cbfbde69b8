// AVX-512 (F, BW, DQ, VL) and FMA: vectors of 64 bytes. Compiled with these instructions allowed.
#define LIMPID_LEVEL avx512
#define LIMPID_VECTOR_BYTES 64
#include "core/level.hpp"

namespace limpid {

template <>
const Kernels<float>& avx512_kernels() {
    return avx512::kernels<float>;
}
template <>
const Kernels<double>& avx512_kernels() {
    return avx512::kernels<double>;
}

}  // namespace limpid
