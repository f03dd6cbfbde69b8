#include "core/kernels.hpp"

namespace limpid {

extern const Kernels<float> baseline_float, avx2_float;
extern const Kernels<double> baseline_double, avx2_double;

#if defined(LIMPID_AVX2)
template <>
const Kernels<float>& kernels_for(SimdLevel level) {
    return level == SimdLevel::avx2 ? avx2_float : baseline_float;
}
template <>
const Kernels<double>& kernels_for(SimdLevel level) {
    return level == SimdLevel::avx2 ? avx2_double : baseline_double;
}
#else
template <>
const Kernels<float>& kernels_for(SimdLevel) {
    return baseline_float;
}
template <>
const Kernels<double>& kernels_for(SimdLevel) {
    return baseline_double;
}
#endif

}  // namespace limpid
