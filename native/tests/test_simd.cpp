// Levels by name, as the processor allows; and the smallest numbers, which count as zero where that is asked for.
#include <stdexcept>
#include <string>

#include "check.hpp"
#include "core/simd.hpp"

using limpid::choose_simd_level;
using limpid::detect_simd_level;
using limpid::FlushToZero;
using limpid::name_of;
using limpid::SimdLevel;

static std::string refusal_of(const char* wanted) {
    try {
        choose_simd_level(wanted);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

static void check_flushing() {
#if defined(__SSE2__) || defined(__aarch64__)
    const volatile float small = 1e-30f;
    const auto half_way = [&] { return small * 1e-10f * 1e20f; };
    CHECK(half_way() > 0);
    {
        const FlushToZero flush;
        CHECK(half_way() == 0);
        {
            const FlushToZero again;
        }
        CHECK(half_way() == 0);
    }
    CHECK(half_way() > 0);
#endif
}

int main() {
    const SimdLevel best = detect_simd_level();
    CHECK(choose_simd_level("") == best);
    CHECK(choose_simd_level("baseline") == SimdLevel::baseline);
    CHECK(choose_simd_level(name_of(best)) == best);
    CHECK(name_of(SimdLevel::avx2) == "avx2" && name_of(SimdLevel::avx512) == "avx512");
    CHECK(refusal_of("avx3").find("'avx3'") != std::string::npos);
    for (const SimdLevel level : {SimdLevel::avx2, SimdLevel::avx512})
        if (best < level) CHECK(refusal_of(name_of(level).data()).find("lacks") != std::string::npos);
    check_flushing();
    return 0;
}
