// The entries of lists, read as they lie.
#pragma once

#include <type_traits>

#include "core/kernels.hpp"

namespace limpid::LIMPID_LEVEL {

template <class T, class Place, class Number>
struct Entries {
    const Place* places;
    const Number* numbers;
    const T* codes;

    [[gnu::always_inline]] std::size_t place(std::uint32_t at) const { return places[at]; }
    [[gnu::always_inline]] const T& number(std::uint32_t at) const {
        if constexpr (std::is_same_v<Number, T>)
            return numbers[at];
        else
            return codes[numbers[at]];
    }
};

template <class Place, class Number, class T>
[[gnu::always_inline]] inline Entries<T, Place, Number> entries_as(const Lists<T>& lists) {
    return {static_cast<const Place*>(lists.places), static_cast<const Number*>(lists.numbers), lists.codes};
}

// Calls `use` with the entries, however they lie.
template <class T, class Use>
[[gnu::always_inline]] inline void with_entries(const Lists<T>& lists, Use use) {
    switch (lists.listing) {
        case Listing::wide:
            return use(entries_as<std::uint32_t, T>(lists));
        case Listing::narrow:
            return use(entries_as<std::uint16_t, T>(lists));
        case Listing::coded:
            return use(entries_as<std::uint16_t, std::uint8_t>(lists));
    }
}

}  // namespace limpid::LIMPID_LEVEL
