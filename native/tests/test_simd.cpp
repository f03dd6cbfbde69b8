#include <stdexcept>
#include <string>

#include "check.hpp"
#include "core/simd.hpp"

using limpid::choose_simd_level;
using limpid::detect_simd_level;
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

int main() {
    const SimdLevel best = detect_simd_level();
    CHECK(choose_simd_level("") == best);
    CHECK(choose_simd_level("baseline") == SimdLevel::baseline);
    CHECK(choose_simd_level(name_of(best)) == best);
    CHECK(name_of(SimdLevel::avx2) == "avx2");
    CHECK(refusal_of("avx3").find("'avx3'") != std::string::npos);
    if (best == SimdLevel::baseline) CHECK(refusal_of("avx2").find("lacks avx2") != std::string::npos);
    return 0;
}
