// Products of matrices by register tiles: a few rows by two or four vectors of sums, each one fma chain in ascending
// order, so that a sum's bits depend neither on the tile it falls into nor on the vector's width.
#pragma once

#include "core/lists.hpp"
#include "core/vector.hpp"

namespace limpid::LIMPID_LEVEL {

// Of sums, vectors of b and one of a: 29 of 32 registers at 64 bytes, else 15 of 16.
inline constexpr int tile_rows = 6, tile_vectors = LIMPID_VECTOR_BYTES == 64 ? 4 : 2;

// Narrower tiles have more rows, so that there are sums enough to keep the processor busy.
constexpr int rows_of_tile(int vectors) {
    return vectors == tile_vectors ? tile_rows : LIMPID_VECTOR_BYTES == 64 ? (vectors == 2 ? 8 : 16) : 12;
}

// Packing a strip of b pays where so many rows read it and b has so many numbers.
inline constexpr std::size_t rows_to_pack = 48, numbers_to_pack = std::size_t{1} << 15;

template <class T, int Rows, int Vectors>
struct Tile {
    Vector<T> sums[Rows][Vectors];

    // Calls `use` with each row, each column and the vector of sums there; unrolled, so that all stay in registers.
    template <class Use>
    [[gnu::always_inline]] void each(Use use) {
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 8
            for (int j = 0; j < Vectors; ++j) use(i, j * Vector<T>::width, sums[i][j]);
    }
    [[gnu::always_inline]] void load(const T* from, std::size_t stride) {
        each([&](std::size_t row, std::size_t column, Vector<T>& sum)
                 __attribute__((always_inline)) { sum = Vector<T>::load(from + row * stride + column); });
    }
    [[gnu::always_inline]] void store(T* to, std::size_t stride) {
        each([&](std::size_t row, std::size_t column, Vector<T>& sum)
                 __attribute__((always_inline)) { sum.store(to + row * stride + column); });
    }
};

// One step along the depth: a's `Rows` numbers, `a_stride` from one to the next, times vectors of b.
template <class T, int Rows, int Vectors>
[[gnu::always_inline]] inline void multiply_at(Tile<T, Rows, Vectors>& tile, const T* a, std::size_t a_stride,
                                               const T* b) {
    Vector<T> right[Vectors];
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) right[j] = Vector<T>::load(b + j * Vector<T>::width);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
        const Vector<T> left(a[i * a_stride]);
#pragma GCC unroll 8
        for (int j = 0; j < Vectors; ++j) tile.sums[i][j] = fma(left, right[j], tile.sums[i][j]);
    }
}

template <bool transposed, class T, int Rows, int Vectors>
[[gnu::always_inline]] inline void multiply(Tile<T, Rows, Vectors>& tile, const Factors<T>& f, std::size_t row) {
    const T *a = f.a + (transposed ? row : row * f.a_stride), *b = f.b;
    const std::size_t along_rows = transposed ? 1 : f.a_stride, along_depth = transposed ? f.a_stride : 1;
    for (std::size_t k = 0; k < f.depth; ++k, a += along_depth, b += f.b_stride) multiply_at(tile, a, along_rows, b);
}

// Tiles of `Rows` rows from `row` on, as many as there are before `end`; returns the first row left over. Of f.b the
// strip that begins at `column` is given. A function of its own: within a larger one its registers would not last.
template <bool transposed, int Rows, int Vectors, class T, class Start, class Finish>
[[gnu::noinline]] inline std::size_t strip(const Factors<T>& f, std::size_t row, std::size_t end, std::size_t column,
                                           const Start& start, const Finish& finish) {
    for (; row + Rows <= end; row += Rows) {
        Tile<T, Rows, Vectors> tile;
        start(tile, row, column);
        multiply<transposed>(tile, f, row);
        finish(tile, row, column);
    }
    return row;
}

template <class T>
inline Factors<T> from_column(Factors<T> f, std::size_t column) {
    f.b += column;
    return f;
}

// A strip of b, packed so that nothing lies between its rows: a wide matrix has each of them in another page.
template <class T>
inline Factors<T> packed(Factors<T> f, std::size_t columns) {
    constexpr std::size_t width = Vector<T>::width;
    alignas(64) static thread_local T room[part_depth * tile_vectors * width];
    for (std::size_t k = 0; k < f.depth; ++k)
        for (std::size_t at = 0; at < columns; at += width)
            Vector<T>::load(f.b + k * f.b_stride + at).store(room + k * columns + at);
    f.b = room, f.b_stride = columns;
    return f;
}

template <bool transposed, int Vectors, class T, class Start, class Finish>
inline void column_of_tiles(const Factors<T>& given, std::size_t row, std::size_t end, std::size_t column,
                            const Start& start, const Finish& finish) {
    Factors<T> f = from_column(given, column);
    if (f.depth <= part_depth && end - row >= rows_to_pack && f.b_stride * f.depth >= numbers_to_pack)
        f = packed(f, Vectors * Vector<T>::width);
    row = strip<transposed, rows_of_tile(Vectors), Vectors>(f, row, end, column, start, finish);
    if constexpr (rows_of_tile(Vectors) > 8) row = strip<transposed, 8, Vectors>(f, row, end, column, start, finish);
    row = strip<transposed, 4, Vectors>(f, row, end, column, start, finish);
    row = strip<transposed, 2, Vectors>(f, row, end, column, start, finish);
    strip<transposed, 1, Vectors>(f, row, end, column, start, finish);
}

// The rows from `row` to `end` of the product. A narrow strip of f.b stays in the nearest cache while they pass.
template <bool transposed, class T, class Start, class Finish>
inline void rows_of_product(const Factors<T>& f, std::size_t row, std::size_t end, const Start& start,
                            const Finish& finish) {
    constexpr std::size_t width = Vector<T>::width;
    std::size_t column = 0;
    if (end - row == 1)  // one row has too few sums of its own to keep the processor busy
        for (; column + 7 * width < f.columns; column += 8 * width)
            strip<transposed, 1, 8>(from_column(f, column), row, end, column, start, finish);
    for (; column + (tile_vectors - 1) * width < f.columns; column += tile_vectors * width)
        column_of_tiles<transposed, tile_vectors>(f, row, end, column, start, finish);
    for (; tile_vectors > 2 && column + width < f.columns; column += 2 * width)
        column_of_tiles<transposed, 2>(f, row, end, column, start, finish);
    if (column < f.columns) column_of_tiles<transposed, 1>(f, row, end, column, start, finish);
}

// One part of the depth of a product whose left factor is given in lists: a row at a time, as many columns as there are
// registers for.
template <int Vectors, class T, class Listed, class Start, class Finish>
[[gnu::noinline]] inline std::size_t listed_strips(const Factors<T>& f, const Listed entries, std::size_t part,
                                                   std::size_t column, const Start& start, const Finish& finish) {
    constexpr std::size_t width = Vector<T>::width;
    for (; column + (Vectors - 1) * width < f.columns; column += Vectors * width)
        for (std::size_t row = 0; row < f.rows; ++row) {
            const std::uint32_t* bounds = f.lists.bounds + row * f.lists.step + part;
            Tile<T, 1, Vectors> tile;
            start(tile, row, column);
            for (std::uint32_t at = bounds[0], end = bounds[1]; at < end; ++at)
                multiply_at(tile, &entries.number(at), 1, f.b + entries.place(at) * f.b_stride + column);
            finish(tile, row, column);
        }
    return column;
}

template <class T, class Start, class Finish>
inline void listed_product(const Factors<T>& f, std::size_t part, const Start& start, const Finish& finish) {
    with_entries(f.lists, [&](const auto entries) {
        std::size_t column = listed_strips<8>(f, entries, part, 0, start, finish);
        column = listed_strips<4>(f, entries, part, column, start, finish);
        column = listed_strips<2>(f, entries, part, column, start, finish);
        listed_strips<1>(f, entries, part, column, start, finish);
    });
}

// A start from sums in memory, `stride` numbers from row to row (0: the same row, a bias, for all); from zeros where
// there are none.
template <class T>
struct From {
    const T* sums;
    std::size_t stride;

    template <int Rows, int Vectors>
    [[gnu::always_inline]] void operator()(Tile<T, Rows, Vectors>& tile, std::size_t row, std::size_t column) const {
        if (sums)
            tile.load(sums + row * stride + column, stride);
        else
            tile.each([](int, std::size_t, Vector<T>& sum) { sum = Vector<T>(T(0)); });
    }
};

}  // namespace limpid::LIMPID_LEVEL
