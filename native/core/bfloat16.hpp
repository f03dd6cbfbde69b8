// The products of matmul.hpp with both factors rounded to bfloat16 and sums in float32, on the instructions that the
// level's file has: tiles of the matrix unit where LIMPID_TILES is defined, else dot products of pairs. Chosen before
// matmul.hpp's for float, since they are more special. Each sum is one chain over the depth, 32 numbers at a time, so
// that its bits do not depend on which rows or columns are computed beside it.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <bit>

#include "core/layout.hpp"
#include "core/matmul.hpp"
#include "core/transpose.hpp"

namespace limpid::LIMPID_LEVEL {

// A block of a factor: `side` rows or columns and, along the depth, as many pairs of bfloat16, each in the place of
// one float. Two by two blocks of sums are computed together.
inline constexpr std::size_t side = 16, block_depth = 2 * side, block_size = side * side, blocks = 2;
inline constexpr std::size_t block_rows = blocks * side;

// Left factors are rounded so many pairs at a time: they stay in the second cache while all columns pass.
inline constexpr std::size_t pairs_at_once = std::size_t{1} << 18;

// Numbers from `from` on as far as `count` goes, then zeros.
inline __m512 load_some(const float* from, std::size_t count) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>(count < side ? (1U << count) - 1 : 0xFFFF), from);
}

inline void store_pairs(__m512i pairs, float* to) { _mm512_store_si512(to, pairs); }

// `count` numbers, two neighbours a pair.
inline __m512i neighbours(const float* from, std::size_t count) {
    const std::size_t first = count < side ? count : side;
    const __m512 low = load_some(from, first), high = count > side ? load_some(from + side, count - side) : __m512{};
    return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
}

// Each of `count` numbers and that `stride` numbers on a pair; zeros stand for what is beyond the depth.
inline __m512i across(const float* from, std::size_t stride, std::size_t count, std::size_t depth) {
    const __m512 upper = depth > 0 ? load_some(from, count) : __m512{},
                 lower = depth > 1 ? load_some(from + stride, count) : __m512{};
    const __m512i in_turn =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22,  //
                         6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(in_turn, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(lower, upper)));
}

// What is left of `all` after `used`.
inline std::size_t left_of(std::size_t all, std::size_t used) { return all > used ? all - used : 0; }

// The block of a right factor whose first number is `from`: `depth` rows and `columns` columns, at most a block's.
inline void round_right(const float* from, std::size_t stride, std::size_t depth, std::size_t columns, float* to) {
    for (std::size_t pair = 0; pair < side; ++pair)
        store_pairs(across(from + 2 * pair * stride, stride, columns, left_of(depth, 2 * pair)), to + pair * side);
}

// That of a left factor: `rows` rows and `depth` columns; transposed it lies like a right factor.
template <bool transposed>
inline void round_left(const float* from, std::size_t stride, std::size_t rows, std::size_t depth, float* to) {
    if constexpr (transposed) {
        alignas(64) float room[block_size];
        round_right(from, stride, depth, rows, room);
        transpose_block(room, side, side, side, to, side);
    } else {
        for (std::size_t row = 0; row < side; ++row)
            store_pairs(row < rows ? neighbours(from + row * stride, depth) : __m512i{}, to + row * side);
    }
}

#if defined(LIMPID_TILES)

// While it lives, this thread's tiles are blocks.
class Tiles {
   public:
    Tiles() {
        struct alignas(64) {
            std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
            std::uint16_t bytes_a_row[16] = {};
            std::uint8_t rows[16] = {};
        } shapes;
        for (int tile = 0; tile < 8; ++tile) shapes.bytes_a_row[tile] = 64, shapes.rows[tile] = side;
        _tile_loadconfig(&shapes);
    }
    ~Tiles() { _tile_release(); }
    Tiles(const Tiles&) = delete;
    Tiles& operator=(const Tiles&) = delete;
};

// Sums of Rows x Columns blocks; a's rows of blocks lie `a_step` numbers apart, b's columns beside each other.
template <int Rows, int Columns>
inline void multiply_blocks(const float* a, std::size_t a_step, const float* b, std::size_t depth_blocks, float* sums) {
    constexpr std::size_t row_bytes = side * sizeof(float), sums_bytes = block_rows * sizeof(float);
    asm volatile("" ::: "memory");  // the intrinsics do not tell the compiler what they read
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (std::size_t k = 0; k < depth_blocks; ++k, a += block_size, b += Columns * block_size) {
        _tile_loadd(4, a, row_bytes);
        _tile_loadd(6, b, row_bytes);
        _tile_dpbf16ps(0, 4, 6);
        if constexpr (Columns == 2) {
            _tile_loadd(7, b + block_size, row_bytes);
            _tile_dpbf16ps(1, 4, 7);
        }
        if constexpr (Rows == 2) {
            _tile_loadd(5, a + a_step, row_bytes);
            _tile_dpbf16ps(2, 5, 6);
        }
        if constexpr (Rows == 2 && Columns == 2) _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, sums, sums_bytes);
    if constexpr (Columns == 2) _tile_stored(1, sums + side, sums_bytes);
    if constexpr (Rows == 2) _tile_stored(2, sums + side * block_rows, sums_bytes);
    if constexpr (Rows == 2 && Columns == 2) _tile_stored(3, sums + side * block_rows + side, sums_bytes);
}

#else

struct Tiles {
    Tiles() {}
};

template <int Rows, int Columns>
inline void multiply_blocks(const float* a, std::size_t a_step, const float* b, std::size_t depth_blocks, float* sums) {
    for (std::size_t at = 0; at < Rows * Columns; ++at) {
        const float *left = a + at / Columns * a_step, *right = b + at % Columns * block_size;
        __m512 of_rows[side] = {};
        for (std::size_t k = 0; k < depth_blocks; ++k, left += block_size, right += Columns * block_size)
            for (std::size_t pair = 0; pair < side; ++pair) {
                const __m512i pairs = _mm512_load_si512(right + pair * side);
#pragma GCC unroll 16
                for (std::size_t row = 0; row < side; ++row)
                    of_rows[row] = _mm512_dpbf16_ps(
                        of_rows[row],
                        reinterpret_cast<__m512bh>(_mm512_set1_epi32(std::bit_cast<int>(left[row * side + pair]))),
                        reinterpret_cast<__m512bh>(pairs));
            }
        for (std::size_t row = 0; row < side; ++row)
            _mm512_store_ps(sums + (at / Columns * side + row) * block_rows + at % Columns * side, of_rows[row]);
    }
}

#endif

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

template <bool transposed, class Start, class Finish>
inline void rounded_product(const Factors<float>& f, const Start& start, const Finish& finish) {
    static thread_local std::size_t room_size = 0;
    static thread_local Buffer<float> room;
    const std::size_t depth_blocks = (f.depth + block_depth - 1) / block_depth, a_step = depth_blocks * block_size,
                      row_blocks = (f.rows + side - 1) / side, most = std::max(pairs_at_once / a_step, blocks),
                      at_once = std::min(row_blocks, most / blocks * blocks);
    if (room_size < (at_once + blocks) * a_step) room = Buffer<float>(room_size = (at_once + blocks) * a_step);
    float *const b = room.get(), *const a = b + blocks * a_step;
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
    rounded_product<true>(f, start, finish);
}

template <class T>
void layer(const Factors<T>&, const T*, Activation, T*, T*, const T*, std::size_t);
template <class T>
void back(const Factors<T>&, T*, T*, std::size_t);
template <class T>
void descend(const Factors<T>&, const T*, const StepNumbers<T>&, const Movable<T>&);
template <class T>
void accumulate(const Factors<T>&, T*, std::size_t, bool);

// The kernels `from` with those that multiply matrices replaced by this level's.
inline Kernels<float> with_own_products(Kernels<float> from) {
    from.layer = layer<float>, from.back = back<float>;
    from.descend = descend<float>, from.accumulate = accumulate<float>;
    from.rows_together = side;
    return from;
}

}  // namespace limpid::LIMPID_LEVEL
