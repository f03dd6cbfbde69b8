// Products of matrices by register tiles: a few rows by two vectors of sums, each one fma chain in ascending order, so
// that a sum's bits depend neither on the tile it falls into nor on the vector's width.
#pragma once

#include "core/kernels.hpp"
#include "core/vector.hpp"

namespace limpid::LIMPID_LEVEL {

inline constexpr int tile_rows = 6, tile_vectors = 2;  // 12 sums, 2 vectors of b and one of a: 15 of 16 registers

template <class T, int Rows, int Vectors>
struct Tile {
    Vector<T> sums[Rows][Vectors];
};

template <bool transposed, class T, int Rows, int Vectors>
[[gnu::always_inline]] inline void multiply(Tile<T, Rows, Vectors>& tile, const T* a, std::size_t a_stride, const T* b,
                                            std::size_t b_stride, std::size_t depth) {
    for (std::size_t k = 0; k < depth; ++k) {
        Vector<T> right[Vectors];
#pragma GCC unroll 8
        for (int j = 0; j < Vectors; ++j) right[j] = Vector<T>::load(b + j * Vector<T>::width);
#pragma GCC unroll 8
        for (int i = 0; i < Rows; ++i) {
            const Vector<T> left(transposed ? a[i] : a[i * a_stride]);
#pragma GCC unroll 8
            for (int j = 0; j < Vectors; ++j) tile.sums[i][j] = fma(left, right[j], tile.sums[i][j]);
        }
        a += transposed ? a_stride : 1;
        b += b_stride;
    }
}

// Tiles of `Rows` rows from `row` on, as many as there are; returns the first row left over.
template <bool transposed, int Rows, int Vectors, class T, class Start, class Finish>
inline std::size_t strip(const Factors<T>& f, std::size_t row, std::size_t column, const Start& start,
                         const Finish& finish) {
    for (; row + Rows <= f.rows; row += Rows) {
        Tile<T, Rows, Vectors> tile;
        start(tile, row, column);
        multiply<transposed>(tile, f.a + (transposed ? row : row * f.a_stride), f.a_stride, f.b + column, f.b_stride,
                             f.depth);
        finish(tile, row, column);
    }
    return row;
}

template <bool transposed, int Vectors, class T, class Start, class Finish>
inline void column_of_tiles(const Factors<T>& f, std::size_t column, const Start& start, const Finish& finish) {
    std::size_t row = strip<transposed, tile_rows, Vectors>(f, 0, column, start, finish);
    row = strip<transposed, 4, Vectors>(f, row, column, start, finish);
    row = strip<transposed, 2, Vectors>(f, row, column, start, finish);
    strip<transposed, 1, Vectors>(f, row, column, start, finish);
}

// The product of f.a, or of its transpose, and f.b, tile by tile: `start` fills a tile's sums before, `finish` takes
// them after; both are called with the tile, its first row and its first column. A narrow strip of f.b stays in the
// nearest cache while all rows pass.
template <bool transposed, class T, class Start, class Finish>
inline void product(const Factors<T>& f, const Start& start, const Finish& finish) {
    constexpr std::size_t width = Vector<T>::width;
    std::size_t column = 0;
    for (; column + width < f.columns; column += tile_vectors * width)
        column_of_tiles<transposed, tile_vectors>(f, column, start, finish);
    if (column < f.columns) column_of_tiles<transposed, 1>(f, column, start, finish);
}

// A start of every row with the same vectors (a bias), or with zeros.
template <class T>
struct FromRow {
    const T* row;

    template <int Rows, int Vectors>
    [[gnu::always_inline]] void operator()(Tile<T, Rows, Vectors>& tile, std::size_t, std::size_t column) const {
        for (int i = 0; i < Rows; ++i)
            for (int j = 0; j < Vectors; ++j)
                tile.sums[i][j] = row ? Vector<T>::load(row + column + j * Vector<T>::width) : Vector<T>(T(0));
    }
};

// A start from sums that were kept in memory; zeros where there are none.
template <class T>
struct FromMemory {
    const T* sums;
    std::size_t stride;

    template <int Rows, int Vectors>
    [[gnu::always_inline]] void operator()(Tile<T, Rows, Vectors>& tile, std::size_t row, std::size_t column) const {
        for (int i = 0; i < Rows; ++i)
            for (int j = 0; j < Vectors; ++j)
                tile.sums[i][j] =
                    sums ? Vector<T>::load(sums + (row + i) * stride + column + j * Vector<T>::width) : Vector<T>(T(0));
    }
};

template <class T, int Rows, int Vectors>
[[gnu::always_inline]] inline void store(const Tile<T, Rows, Vectors>& tile, T* to, std::size_t stride) {
    for (int i = 0; i < Rows; ++i)
        for (int j = 0; j < Vectors; ++j) tile.sums[i][j].store(to + i * stride + j * Vector<T>::width);
}

}  // namespace limpid::LIMPID_LEVEL
