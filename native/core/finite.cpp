#include "core/finite.hpp"

#include <algorithm>
#include <bit>

namespace limpid {
namespace {

// By the bits, all ones in the exponent if it is not: what compilers make vectors of.
bool is_finite(Half number) { return (number.bits & 0x7C00) != 0x7C00; }
bool is_finite(float number) { return (std::bit_cast<std::uint32_t>(number) & 0x7F800000) != 0x7F800000; }
bool is_finite(double number) {
    constexpr std::uint64_t exponent = 0x7FF0000000000000;
    return (std::bit_cast<std::uint64_t>(number) & exponent) != exponent;
}

}  // namespace

template <class T>
std::size_t first_not_finite(const T* numbers, std::size_t count) {
    constexpr std::size_t together = 1024;
    for (std::size_t first = 0; first < count; first += together) {
        const std::size_t end = std::min(count, first + together);
        unsigned bad = 0;
        for (std::size_t at = first; at < end; ++at) bad += !is_finite(numbers[at]);
        if (!bad) continue;
        return static_cast<std::size_t>(
            std::find_if_not(numbers + first, numbers + end, [](T number) { return is_finite(number); }) - numbers);
    }
    return count;
}

template <>
std::size_t first_not_finite(const std::uint8_t*, std::size_t count) {
    return count;
}

template std::size_t first_not_finite(const Half*, std::size_t);
template std::size_t first_not_finite(const float*, std::size_t);
template std::size_t first_not_finite(const double*, std::size_t);

}  // namespace limpid
