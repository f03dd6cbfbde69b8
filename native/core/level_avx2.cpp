// AVX2 and FMA: vectors of 32 bytes. Compiled with these instructions allowed.
#define LIMPID_LEVEL avx2
#define LIMPID_VECTOR_BYTES 32
#include "core/level.hpp"

namespace limpid {

extern const Kernels<float> avx2_float;
extern const Kernels<double> avx2_double;
const Kernels<float> avx2_float = avx2::kernels<float>;
const Kernels<double> avx2_double = avx2::kernels<double>;

}  // namespace limpid
