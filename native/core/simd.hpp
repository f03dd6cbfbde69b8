// Which vector instructions the processor has, and which of them to use.
#pragma once

#include <string_view>

namespace limpid {

enum class SimdLevel { baseline, avx2 };

// The best level that this processor offers; avx2 means AVX2 and FMA.
SimdLevel detect_simd_level();

// `wanted` by name, or the best level where it is empty.
// Throws std::invalid_argument for an unknown name, or one that this processor lacks.
SimdLevel choose_simd_level(std::string_view wanted);

std::string_view name_of(SimdLevel level);

}  // namespace limpid
