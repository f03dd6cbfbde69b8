// CHECK(condition): a failed one names itself and ends the test, in release builds too.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/simd.hpp"

#define CHECK(condition)                                                                   \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            std::exit(1);                                                                  \
        }                                                                                  \
    } while (false)

// Fails where the two differ by more than `allowed` times the larger of 1 and what is wanted.
inline void check_close(double got, double wanted, double allowed, const char* what) {
    const double scale = std::abs(wanted) > 1 ? std::abs(wanted) : 1;
    if (got == wanted || (std::isfinite(wanted) && std::abs(got - wanted) <= allowed * scale)) return;
    std::fprintf(stderr, "%s: got %.17g, wanted %.17g\n", what, got, wanted);
    std::exit(1);
}

// All levels that this processor has.
inline std::vector<limpid::SimdLevel> levels_here() {
    std::vector<limpid::SimdLevel> made;
    for (int each = 0; each <= static_cast<int>(limpid::detect_simd_level()); ++each)
        made.push_back(static_cast<limpid::SimdLevel>(each));
    return made;
}

#if defined(LIMPID_LEVEL)
#define LIMPID_TEXT_OF(name) #name
#define LIMPID_TEXT(name) LIMPID_TEXT_OF(name)

// Whether this processor has the level that the test is compiled for.
inline bool runs_here() {
    for (const limpid::SimdLevel level : levels_here())
        if (limpid::name_of(level) == LIMPID_TEXT(LIMPID_LEVEL)) return true;
    std::puts("left out: this processor lacks " LIMPID_TEXT(LIMPID_LEVEL));
    return false;
}
#endif
