// bfloat16 products of AVX512-BF16, all else AVX-512's. Compiled with these instructions allowed.
#define LIMPID_LEVEL avx512_bf16
#define LIMPID_VECTOR_BYTES 64
#include "core/bfloat16.hpp"

namespace limpid {

const Kernels<float>& avx512_bf16_kernels() {
    static const Kernels<float> made = avx512_bf16::with_own_products(avx512_kernels<float>());
    return made;
}

}  // namespace limpid
