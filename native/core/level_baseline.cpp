// The level that every processor has: vectors of 16 bytes.
#define LIMPID_LEVEL baseline
#define LIMPID_VECTOR_BYTES 16
#include "core/level.hpp"

namespace limpid {

template <>
const Kernels<float>& baseline_kernels() {
    return baseline::kernels<float>;
}
template <>
const Kernels<double>& baseline_kernels() {
    return baseline::kernels<double>;
}

}  // namespace limpid
