// The Python module limpid._native: checks and conversions, no mathematics.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string_view.h>

#include <cstdlib>

#include "core/simd.hpp"

namespace nb = nanobind;

NB_MODULE(_native, module) {
    module.doc() = "limpid's compiled part";
    module.def(
        "simd_level",
        [] {
            const char* wanted = std::getenv("LIMPID_SIMD");
            return limpid::name_of(limpid::choose_simd_level(wanted ? wanted : ""));
        },
        "The vector instructions in use, 'baseline' or 'avx2': what $LIMPID_SIMD names, else the best there are.\n\n"
        "Errors: ValueError for an unknown name or one that the processor lacks.");
}
