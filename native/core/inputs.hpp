// What networks read: rows of numbers as their owner keeps them, dense or only those that are not zero, and how they
// become the numbers that are computed with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/layout.hpp"

namespace limpid {

enum class Number { uint8, float16, float32, float64 };
enum class Index { uint16, int32, int64 };

// The bits of a number of IEEE 754's half precision.
struct Half {
    std::uint16_t bits;
};

// X (rows, inputs), nothing between the rows; or, with `starts` and `places`, in compressed sparse rows: row r's
// numbers are those from starts[r] to starts[r + 1], in ascending order of the inputs that `places` names. Where these
// are `packed`, a row's numbers follow right after its places, nothing lies between the rows, and `numbers` is null:
// rows read in random order wait less for one piece of memory than for two.
template <class T>
struct Inputs {
    Number number;
    const void* numbers;
    const T* codes = nullptr;  // (256,) what each uint8 stands for
    Index index = Index::int32;
    const void *starts = nullptr, *places = nullptr;
    bool packed = false;

    bool sparse() const { return starts != nullptr; }
};

template <class T, class U>
inline T value_of(const Inputs<T>&, U number) {
    return static_cast<T>(number);
}
template <class T>
inline T value_of(const Inputs<T>& inputs, std::uint8_t code) {
    return inputs.codes[code];
}
template <class T>
inline T value_of(const Inputs<T>&, Half half) {
    constexpr auto steps = [] {  // from number to number at each exponent; the first two are alike
        std::array<T, 32> made{T(0x1p-24), T(0x1p-24)};
        for (std::size_t at = 2; at < 32; ++at) made[at] = 2 * made[at - 1];
        return made;
    }();
    const unsigned exponent = half.bits >> 10 & 31, mantissa = half.bits & 1023;
    const T magnitude = static_cast<T>(exponent ? mantissa + 1024 : mantissa) * steps[exponent];
    return half.bits & 0x8000 ? -magnitude : magnitude;
}

// Calls `use` with the numbers by their kind.
template <class T, class Use>
inline auto with_numbers(const Inputs<T>& inputs, Use use) {
    switch (inputs.number) {
        case Number::uint8:
            return use(static_cast<const std::uint8_t*>(inputs.numbers));
        case Number::float16:
            return use(static_cast<const Half*>(inputs.numbers));
        case Number::float32:
            return use(static_cast<const float*>(inputs.numbers));
        case Number::float64:
            break;
    }
    return use(static_cast<const double*>(inputs.numbers));
}

// Calls `use` with the places, and the starts, by their kind.
template <class T, class Use>
inline auto with_places(const Inputs<T>& inputs, Use use) {
    switch (inputs.index) {
        case Index::uint16:
            return use(static_cast<const std::uint16_t*>(inputs.places),
                       static_cast<const std::int64_t*>(inputs.starts));
        case Index::int32:
            return use(static_cast<const std::int32_t*>(inputs.places),
                       static_cast<const std::int32_t*>(inputs.starts));
        case Index::int64:
            break;
    }
    return use(static_cast<const std::int64_t*>(inputs.places), static_cast<const std::int64_t*>(inputs.starts));
}

}  // namespace limpid
