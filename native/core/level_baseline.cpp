// The level that every processor has: vectors of 16 bytes.
#define LIMPID_LEVEL baseline
#define LIMPID_VECTOR_BYTES 16
#include "core/level.hpp"

namespace limpid {

extern const Kernels<float> baseline_float;
extern const Kernels<double> baseline_double;
const Kernels<float> baseline_float = baseline::kernels<float>;
const Kernels<double> baseline_double = baseline::kernels<double>;

}  // namespace limpid
