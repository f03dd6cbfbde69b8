// bfloat16 products on AMX's matrix unit, all else AVX-512's. Compiled with these instructions allowed.
#define LIMPID_LEVEL amx_bf16
#define LIMPID_VECTOR_BYTES 64
#define LIMPID_TILES
#include "core/bfloat16.hpp"

namespace limpid {

const Kernels<float>& amx_bf16_kernels() {
    static const Kernels<float> made = amx_bf16::with_own_products(avx512_kernels<float>());
    return made;
}

}  // namespace limpid
