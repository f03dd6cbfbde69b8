// Products of matrices, tile by tile, in whichever way is quickest for their shape: the bits are the same in all.
#pragma once

#include "core/mostly_zero.hpp"
#include "core/turned.hpp"

namespace limpid::LIMPID_LEVEL {

// The product of f.a and f.b, tile by tile: `start` fills a tile's sums before, `finish` takes them after; both are
// called with the tile, its first row and its first column. A deep product is made in parts of the depth, so that a
// part of f.a, or where that is given in lists of f.b, stays in a near cache; between them the sums wait in `waiting`,
// `stride` numbers from row to row.
template <class T, class Start, class Finish>
inline void product(const Factors<T>& f, const Start& start, const Finish& finish, T* waiting, std::size_t stride) {
    const std::size_t parts = f.lists.bounds ? f.lists.parts : (f.depth + part_depth - 1) / part_depth;
    for (std::size_t number = 0; number < parts; ++number) {
        const auto begin = [&](auto& tile, std::size_t row, std::size_t column) __attribute__((always_inline)) {
            number == 0 ? start(tile, row, column) : tile.load(waiting + row * stride + column, stride);
        };
        const auto end = [&](auto& tile, std::size_t row, std::size_t column) __attribute__((always_inline)) {
            number + 1 == parts ? finish(tile, row, column) : tile.store(waiting + row * stride + column, stride);
        };
        if (f.lists.bounds) {
            listed_product(f, number, begin, end);
            continue;
        }
        Factors<T> part = f;
        const std::size_t k = number * part_depth;
        part.a += k, part.b += k * f.b_stride, part.depth = f.depth - k < part_depth ? f.depth - k : part_depth;
        rows_of_product<false>(part, 0, f.rows, begin, end);
    }
}

// The product of f.a transposed and f.b in the same manner; so many rows at a time that their part of f.a stays in the
// second cache while all columns pass.
template <class T, class Start, class Finish>
inline void transposed_product(const Factors<T>& f, const Start& start, const Finish& finish) {
    if (f.mostly_zero) return mostly_zero_product(f, start, finish);
    if (turning_pays(f)) {
        if (f.columns <= Vector<T>::width) return turned_product<1>(f, start, finish);
        return turned_product<2>(f, start, finish);
    }
    constexpr std::size_t rows = part_depth / tile_rows * tile_rows;
    for (std::size_t row = 0; row < f.rows; row += rows)
        rows_of_product<true>(f, row, row + rows < f.rows ? row + rows : f.rows, start, finish);
}

}  // namespace limpid::LIMPID_LEVEL
