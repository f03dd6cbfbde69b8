// Matrices turned over, a block of as many rows and columns as a vector has lanes at a time.
#pragma once

#include <utility>

#include "core/vector.hpp"

namespace limpid::LIMPID_LEVEL {

// The first, or the second, halves of a and b, lane by lane in turn.
template <bool second, class T, std::size_t... lane>
[[gnu::always_inline]] inline Vector<T> interleaved(Vector<T> a, Vector<T> b, std::index_sequence<lane...>) {
    constexpr std::size_t width = Vector<T>::width, from = second ? width / 2 : 0;
    return Vector<T>::of(__builtin_shufflevector(a.lanes, b.lanes, (from + lane / 2 + lane % 2 * width)...));
}

// `rows` rows and `columns` columns, at most a vector's width of each; whole vectors are read and written. Interleaving
// lines that lie half the lines apart brings them nearer by half: after log2(width) rounds rows are columns.
template <class T>
inline void transpose_block(const T* from, std::size_t from_stride, std::size_t rows, std::size_t columns, T* to,
                            std::size_t to_stride) {
    constexpr std::size_t width = Vector<T>::width;
    constexpr auto lanes = std::make_index_sequence<width>();
    Vector<T> lines[width];
#pragma GCC unroll 16
    for (std::size_t row = 0; row < width; ++row)
        lines[row] = Vector<T>::load(from + (row < rows ? row : rows - 1) * from_stride);
#pragma GCC unroll 4
    for (std::size_t apart = width; apart > 1; apart /= 2) {
        Vector<T> turned[width];
#pragma GCC unroll 8
        for (std::size_t line = 0; line < width / 2; ++line) {
            turned[2 * line] = interleaved<false>(lines[line], lines[line + width / 2], lanes);
            turned[2 * line + 1] = interleaved<true>(lines[line], lines[line + width / 2], lanes);
        }
#pragma GCC unroll 16
        for (std::size_t line = 0; line < width; ++line) lines[line] = turned[line];
    }
#pragma GCC unroll 16
    for (std::size_t column = 0; column < width; ++column)
        if (column < columns) lines[column].store(to + column * to_stride);
}

template <class T>
void transpose(const T* from, std::size_t from_stride, std::size_t rows, std::size_t columns, T* to,
               std::size_t to_stride) {
    constexpr std::size_t width = Vector<T>::width;
    const auto at_most = [](std::size_t left) { return left < width ? left : width; };
    for (std::size_t row = 0; row < rows; row += width)
        for (std::size_t column = 0; column < columns; column += width)
            transpose_block(from + row * from_stride + column, from_stride, at_most(rows - row),
                            at_most(columns - column), to + column * to_stride + row, to_stride);
}

}  // namespace limpid::LIMPID_LEVEL
