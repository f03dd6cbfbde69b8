// Slopes with few columns, turned over: lanes run along the rows, which fill them better. Each sum is the same chain.
#pragma once

#include "core/matmul.hpp"
#include "core/transpose.hpp"

namespace limpid::LIMPID_LEVEL {

inline constexpr std::size_t rows_to_turn = 64;  // whose sums are turned over together

// Measured: a vector of sums is turned over, and back, in the time of so many multiplications of one.
inline constexpr std::size_t cost_of_turning = 24;

template <class T>
inline bool turning_pays(const Factors<T>& f) {
    constexpr std::size_t width = Vector<T>::width;
    if (!f.filled || f.columns > 2 * width) return false;
    const std::size_t vectors = f.rows * ((f.columns + width - 1) / width),
                      turned = f.columns * ((f.rows + width - 1) / width);
    return f.depth * vectors > f.depth * turned + cost_of_turning * vectors;
}

// Calls `use` with tiles of `Rows` rows from `row` on, and where their sums lie in `room`, as long as there are so many
// before `end`; returns the first row left over.
template <int Rows, int Vectors, class T, class Use>
inline std::size_t tiles_of(T* room, std::size_t first, std::size_t row, std::size_t end, const Use& use) {
    for (; row + Rows <= end; row += Rows) {
        Tile<T, Rows, Vectors> tile;
        use(tile, row, room + (row - first) * Vectors * Vector<T>::width);
    }
    return row;
}

template <int Vectors, class T, class Use>
inline void each_tile(T* room, std::size_t first, std::size_t end, const Use& use) {
    std::size_t row = tiles_of<8, Vectors>(room, first, first, end, use);
    row = tiles_of<4, Vectors>(room, first, row, end, use);
    tiles_of<1, Vectors>(room, first, row, end, use);
}

// Adds to `sums`, which lie `rows_to_turn` numbers from row to row, the product of f.a transposed and f.b.
template <int Vectors, class T>
inline std::size_t add_columns(const Factors<T>& f, std::size_t column, T* sums) {
    constexpr std::size_t width = Vector<T>::width;
    const From<T> start{sums, rows_to_turn};
    const auto finish =
        [&]<int Rows>(Tile<T, Rows, Vectors>& tile, std::size_t row, std::size_t at)
            __attribute__((always_inline)) { tile.store(sums + row * rows_to_turn + at, rows_to_turn); };
    for (; column + (Vectors - 1) * width < f.columns; column += Vectors * width) {
        const Factors<T> part = from_column(f, column);
        std::size_t row = strip<true, rows_of_tile(Vectors), Vectors>(part, 0, f.rows, column, start, finish);
        row = strip<true, 4, Vectors>(part, row, f.rows, column, start, finish);
        row = strip<true, 3, Vectors>(part, row, f.rows, column, start, finish);
        row = strip<true, 2, Vectors>(part, row, f.rows, column, start, finish);
        strip<true, 1, Vectors>(part, row, f.rows, column, start, finish);
    }
    return column;
}

// The product of f.a transposed and f.b where that has few columns, as many as fit into so many vectors.
template <int Vectors, class T, class Start, class Finish>
inline void turned_product(const Factors<T>& f, const Start& start, const Finish& finish) {
    constexpr std::size_t columns = Vectors * Vector<T>::width;
    alignas(64) T sums[rows_to_turn * columns], turned[columns * rows_to_turn];
    for (std::size_t first = 0; first < f.rows; first += rows_to_turn) {
        const std::size_t end = first + rows_to_turn < f.rows ? first + rows_to_turn : f.rows;
        each_tile<Vectors>(sums, first, end, [&](auto& tile, std::size_t row, T* at) __attribute__((always_inline)) {
            start(tile, row, 0);
            tile.store(at, columns);
        });
        transpose(sums, columns, end - first, columns, turned, rows_to_turn);
        const Factors<T> other{.a = f.b,
                               .b = f.a + first,
                               .a_stride = f.b_stride,
                               .b_stride = f.a_stride,
                               .rows = f.columns,
                               .columns = end - first,
                               .depth = f.depth};
        std::size_t column = add_columns<tile_vectors>(other, 0, turned);
        if constexpr (tile_vectors > 2) column = add_columns<2>(other, column, turned);
        add_columns<1>(other, column, turned);
        transpose(turned, rows_to_turn, columns, end - first, sums, columns);
        each_tile<Vectors>(sums, first, end, [&](auto& tile, std::size_t row, T* at) __attribute__((always_inline)) {
            tile.load(at, columns);
            finish(tile, row, 0);
        });
    }
}

}  // namespace limpid::LIMPID_LEVEL
