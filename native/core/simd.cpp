#include "core/simd.hpp"

#include <stdexcept>
#include <string>

namespace limpid {

SimdLevel detect_simd_level() {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return SimdLevel::avx2;
#endif
    return SimdLevel::baseline;
}

SimdLevel choose_simd_level(std::string_view wanted) {
    const SimdLevel best = detect_simd_level();
    if (wanted.empty()) return best;
    for (const SimdLevel level : {SimdLevel::baseline, SimdLevel::avx2}) {
        if (wanted != name_of(level)) continue;
        if (level <= best) return level;
        throw std::invalid_argument("this processor lacks " + std::string(wanted) + "; it has " +
                                    std::string(name_of(best)));
    }
    throw std::invalid_argument("unknown SIMD level '" + std::string(wanted) + "'; choose baseline or avx2");
}

std::string_view name_of(SimdLevel level) { return level == SimdLevel::avx2 ? "avx2" : "baseline"; }

}  // namespace limpid
