// A level's kernels with products of factors that are rounded to bfloat16, in blocks, just before they are multiplied.
// The products below are chosen before products.hpp's, since they are more special, by the kernels that are included
// after.
#pragma once

#include <algorithm>

#include "core/blocks.hpp"
#include "core/layout.hpp"
#include "core/products.hpp"

namespace limpid::LIMPID_LEVEL {

// Left factors are rounded so many pairs at a time: they stay in the second cache while all columns pass.
inline constexpr std::size_t pairs_at_once = std::size_t{1} << 18;

// Rows `row` to `end` of the product, of which `sums` holds the columns from `column` on; returns the first row left
// over.
template <int Rows, int Vectors, class Start, class Finish>
inline std::size_t hand_over(const float* sums, std::size_t row, std::size_t end, std::size_t column,
                             const Start& start, const Finish& finish) {
    for (; row + Rows <= end; row += Rows, sums += Rows * block_rows) {
        Tile<float, Rows, Vectors> tile;
        start(tile, row, column);
        tile.each([&](std::size_t i, std::size_t j, Vector<float>& sum)
                      __attribute__((always_inline)) { sum = sum + Vector<float>::load(sums + i * block_rows + j); });
        finish(tile, row, column);
    }
    return row;
}

template <int Columns, class Start, class Finish>
inline void strip_of_blocks(const float* a, const float* b, std::size_t depth_blocks, std::size_t row, std::size_t end,
                            std::size_t column, const Start& start, const Finish& finish) {
    const std::size_t a_step = depth_blocks * block_size;
    for (; row < end; row += block_rows, a += blocks * a_step) {
        alignas(64) float sums[block_rows * block_rows];
        if (end - row > side)
            multiply_blocks<2, Columns>(a, a_step, b, depth_blocks, sums);
        else
            multiply_blocks<1, Columns>(a, a_step, b, depth_blocks, sums);
        const std::size_t last = end - row < block_rows ? end : row + block_rows,
                          odd = hand_over<4, Columns>(sums, row, last, column, start, finish);
        hand_over<1, Columns>(sums + (odd - row) * block_rows, odd, last, column, start, finish);
    }
}

// Room of this thread's for so many pairs, until it is asked for again.
inline float* room_for(std::size_t pairs) {
    static thread_local std::size_t size = 0;
    static thread_local Buffer<float> room;
    if (size < pairs) room = Buffer<float>(pairs), size = pairs;
    return room.get();
}

template <bool transposed, class Start, class Finish>
inline void rounded_product(const Factors<float>& f, const Start& start, const Finish& finish) {
    const std::size_t depth_blocks = (f.depth + block_depth - 1) / block_depth, a_step = depth_blocks * block_size,
                      row_blocks = (f.rows + side - 1) / side, most = std::max(pairs_at_once / a_step, blocks),
                      at_once = std::min(row_blocks, most / blocks * blocks);
    float *const b = room_for((at_once + blocks) * a_step), *const a = b + blocks * a_step;
    const Tiles tiles;
    for (std::size_t first = 0; first < f.rows; first += at_once * side) {
        const std::size_t end = std::min(f.rows, first + at_once * side);
        for (std::size_t row = first; row < end; row += side)
            for (std::size_t k = 0; k < f.depth; k += block_depth)
                round_left<transposed>(f.a + (transposed ? row + k * f.a_stride : row * f.a_stride + k), f.a_stride,
                                       std::min(side, end - row), std::min(block_depth, f.depth - k),
                                       a + (row - first) / side * a_step + k / block_depth * block_size);
        for (std::size_t column = 0; column < f.columns; column += block_rows) {
            const std::size_t columns = f.columns - column > side ? blocks : 1;
            for (std::size_t k = 0; k < f.depth; k += block_depth)
                for (std::size_t block = 0; block < columns; ++block)
                    round_right(f.b + k * f.b_stride + column + block * side, f.b_stride, f.depth - k,
                                f.columns - column - block * side,
                                b + (k / block_depth * columns + block) * block_size);
            if (columns == 2)
                strip_of_blocks<2>(a, b, depth_blocks, first, end, column, start, finish);
            else
                strip_of_blocks<1>(a, b, depth_blocks, first, end, column, start, finish);
        }
    }
}

template <class Start, class Finish>
inline void product(const Factors<float>& f, const Start& start, const Finish& finish, float* waiting,
                    std::size_t stride) {
    if (f.lists.bounds)
        product<float, Start, Finish>(f, start, finish, waiting, stride);
    else
        rounded_product<false>(f, start, finish);
}

template <class Start, class Finish>
inline void transposed_product(const Factors<float>& f, const Start& start, const Finish& finish) {
    if (f.mostly_zero)
        transposed_product<float, Start, Finish>(f, start, finish);
    else
        rounded_product<true>(f, start, finish);
}

}  // namespace limpid::LIMPID_LEVEL

// after the products that it is to choose
#include "core/level.hpp"

namespace limpid::LIMPID_LEVEL {

// The kernels `from` with those that multiply matrices replaced by this level's.
inline Kernels<float> with_own_products(Kernels<float> from) {
    from.layer = layer<float>, from.back = back<float>;
    from.descend = descend<float>, from.accumulate = accumulate<float>;
    from.rows_together = side;
    return from;
}

}  // namespace limpid::LIMPID_LEVEL
