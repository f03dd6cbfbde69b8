// Products whose left factor is mostly zero, and lies row by row: what is not is looked for, for two rows together, so
// that each row of the right factor is read once for both. A sum is the chain that all numbers would give.
#pragma once

#include "core/matmul.hpp"

namespace limpid::LIMPID_LEVEL {

// Which of the next numbers are not zero in any of `Rows` rows, a bit each; `count` of them count.
template <int Rows, class T>
inline std::uint64_t seen(const T* a, std::size_t stride, std::size_t count) {
    constexpr std::size_t width = Vector<T>::width;
    std::uint64_t found = 0;
#pragma GCC unroll 32
    for (std::size_t at = 0; at < seen_together; at += width)
#pragma GCC unroll 2
        for (int row = 0; row < Rows; ++row)
            found |= std::uint64_t{not_zero(Vector<T>::load(a + row * stride + at))} << at;
    return count < seen_together ? found & ((std::uint64_t{1} << count) - 1) : found;
}

// Some columns of a product whose left factor is mostly zero: of `Rows` of its rows together what is not.
template <int Rows, int Vectors, class T, class Start, class Finish>
[[gnu::noinline]] inline std::size_t mostly_zero_strips(const Factors<T>& f, std::size_t first, std::size_t column,
                                                        const Start& start, const Finish& finish) {
    constexpr std::size_t width = Vector<T>::width;
    for (; column + (Vectors - 1) * width < f.columns; column += Vectors * width)
        for (std::size_t row = first; row + Rows <= f.rows; row += Rows) {
            Tile<T, Rows, Vectors> tile;
            start(tile, row, column);
            const T* const a = f.a + row * f.a_stride;
            for (std::size_t from = 0; from < f.depth; from += seen_together)
                for (std::uint64_t left = seen<Rows>(a + from, f.a_stride, f.depth - from); left; left &= left - 1) {
                    const std::size_t k = from + static_cast<std::size_t>(__builtin_ctzll(left));
                    multiply_at(tile, a + k, f.a_stride, f.b + k * f.b_stride + column);
                }
            finish(tile, row, column);
        }
    return column;
}

template <int Rows, class T, class Start, class Finish>
inline void mostly_zero_rows(const Factors<T>& f, std::size_t first, const Start& start, const Finish& finish) {
    std::size_t column = 0;
    if constexpr (LIMPID_VECTOR_BYTES == 64) column = mostly_zero_strips<Rows, 8>(f, first, column, start, finish);
    column = mostly_zero_strips<Rows, 4>(f, first, column, start, finish);
    column = mostly_zero_strips<Rows, 2>(f, first, column, start, finish);
    mostly_zero_strips<Rows, 1>(f, first, column, start, finish);
}

template <class T, class Start, class Finish>
inline void mostly_zero_product(const Factors<T>& f, const Start& start, const Finish& finish) {
    mostly_zero_rows<2>(f, 0, start, finish);
    if (f.rows % 2) mostly_zero_rows<1>(f, f.rows - 1, start, finish);
}

}  // namespace limpid::LIMPID_LEVEL
