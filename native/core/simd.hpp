// Which vector instructions the processor has, which of them to use, and how it treats the smallest numbers.
#pragma once

#include <string_view>
#include <vector>

namespace limpid {

// The last two are avx512 with products of float32 factors rounded to bfloat16, by AVX512-BF16 or AMX.
enum class SimdLevel { baseline, avx2, avx512, avx512_bf16, amx_bf16 };

// The best level that this processor offers; avx2 means AVX2 and FMA, avx512 its F, BW, DQ and VL besides.
SimdLevel detect_simd_level();

// `wanted` by name, or the best level where it is empty.
// Throws std::invalid_argument for an unknown name, or one that this processor lacks.
SimdLevel choose_simd_level(std::string_view wanted);

std::string_view name_of(SimdLevel level);

// Those of the last two that this processor and its operating system offer, the best last.
std::vector<SimdLevel> bfloat16_levels();

// While it lives, this thread's numbers too small to be normal count as 0, going in and coming out: they would cost a
// hundred times their worth.
class FlushToZero {
   public:
    FlushToZero();
    ~FlushToZero();
    FlushToZero(const FlushToZero&) = delete;
    FlushToZero& operator=(const FlushToZero&) = delete;

   private:
    unsigned long long before_ = 0;
};

}  // namespace limpid
