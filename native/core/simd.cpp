#include "core/simd.hpp"

#include <array>
#include <stdexcept>
#include <string>
#if defined(LIMPID_X86)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace limpid {
namespace {

#if defined(LIMPID_X86)
// Whether AMX-BF16 is there and Linux lets this process use its registers, which it has to be asked for.
bool has_tiles() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    constexpr unsigned bf16 = 1U << 22, tile = 1U << 24;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & bf16) || !(d & tile)) return false;
#if defined(__linux__)
    constexpr int ask_for_permission = 0x1023, tile_registers = 18;  // asm/prctl.h and the XSAVE area's table
    static const bool allowed = syscall(SYS_arch_prctl, ask_for_permission, tile_registers) == 0;
    return allowed;
#else
    return false;
#endif
}
#endif

}  // namespace

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
    constexpr std::array<std::string_view, 5> names{"baseline", "avx2", "avx512", "avx512_bf16", "amx_bf16"};
    return names[static_cast<std::size_t>(level)];
}

std::vector<SimdLevel> bfloat16_levels() {
    std::vector<SimdLevel> made;
#if defined(LIMPID_X86)
    if (detect_simd_level() < SimdLevel::avx512 || !__builtin_cpu_supports("avx512bf16")) return made;
    made.push_back(SimdLevel::avx512_bf16);
    if (has_tiles()) made.push_back(SimdLevel::amx_bf16);
#endif
    return made;
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
