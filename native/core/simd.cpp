#include "core/simd.hpp"

#include <stdexcept>
#include <string>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace limpid {

SimdLevel detect_simd_level() {
#if defined(LIMPID_X86)
    const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (wide && __builtin_cpu_supports("fma")) return SimdLevel::avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return SimdLevel::avx2;
#endif
    return SimdLevel::baseline;
}

SimdLevel choose_simd_level(std::string_view wanted) {
    const SimdLevel best = detect_simd_level();
    if (wanted.empty()) return best;
    for (const SimdLevel level : {SimdLevel::baseline, SimdLevel::avx2, SimdLevel::avx512}) {
        if (wanted != name_of(level)) continue;
        if (level <= best) return level;
        throw std::invalid_argument("this processor lacks " + std::string(wanted) + "; it has " +
                                    std::string(name_of(best)));
    }
    throw std::invalid_argument("unknown SIMD level '" + std::string(wanted) + "'; choose baseline, avx2 or avx512");
}

std::string_view name_of(SimdLevel level) {
    if (level == SimdLevel::baseline) return "baseline";
    return level == SimdLevel::avx2 ? "avx2" : "avx512";
}

#if defined(__SSE2__)
FlushToZero::FlushToZero() : before_(_mm_getcsr()) {
    constexpr unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
    _mm_setcsr(static_cast<unsigned>(before_) | flush_to_zero | denormals_are_zero);
}
FlushToZero::~FlushToZero() { _mm_setcsr(static_cast<unsigned>(before_)); }
#elif defined(__aarch64__)
FlushToZero::FlushToZero() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(before_ | 1ULL << 24));
}
FlushToZero::~FlushToZero() { asm volatile("msr fpcr, %0" : : "r"(before_)); }
#else
FlushToZero::FlushToZero() = default;
FlushToZero::~FlushToZero() = default;
#endif

}  // namespace limpid
