// Whether numbers are finite, at the speed of memory: what comes from outside is looked at before it is computed with.
#pragma once

#include "core/inputs.hpp"

namespace limpid {

// The place of the first number that is not finite; `count` where there is none.
template <class T>
std::size_t first_not_finite(const T* numbers, std::size_t count);
template <>
std::size_t first_not_finite(const std::uint8_t*, std::size_t count);

}  // namespace limpid
