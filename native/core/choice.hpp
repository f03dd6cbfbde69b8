// The rows of a batch, by number, and how those that come next are fetched meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/layout.hpp"

namespace limpid {

inline constexpr std::size_t rows_ahead = 8;  // that are asked for before they are read

// Asks for memory that will be read soon, a cache line at a time. Always within its caller: to the compiler a call of a
// function that does nothing else has no effect, and GCC leaves it out.
[[gnu::always_inline]] inline void fetch(const void* from, std::size_t bytes) {
    const char* const first = static_cast<const char*>(from);
    for (std::size_t at = 0; at < bytes; at += cache_line) __builtin_prefetch(first + at, 0, 2);
    if (bytes) __builtin_prefetch(first + bytes - 1, 0, 2);  // they need not begin where a line does
}

// Some rows of a batch, or some inputs of a layer.
struct Range {
    std::size_t first, count;
};

// Which rows: those that `order` names, or where it is null those from `first` on. `known` of them, `count` or more,
// will be read in the end: those after the batch are fetched ahead.
struct Choice {
    const std::int64_t* order;
    std::size_t first, count, known;

    std::size_t operator[](std::size_t row) const {
        return order ? static_cast<std::size_t>(order[first + row]) : first + row;
    }
};

}  // namespace limpid
