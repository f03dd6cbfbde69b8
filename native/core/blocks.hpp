// Blocks of factors rounded to bfloat16, and sums of their products in float32, on the instructions that the level's
// file has: tiles of the matrix unit where LIMPID_TILES is defined, else dot products of pairs. Each sum is one chain
// over the depth, 32 numbers at a time, so that its bits do not depend on which rows or columns are computed beside it.
#pragma once

#include <immintrin.h>

#include <bit>
#include <cstddef>

#include "core/transpose.hpp"

namespace limpid::LIMPID_LEVEL {

// A block of a factor: `side` rows or columns and, along the depth, as many pairs of bfloat16, each in the place of
// one float. Two by two blocks of sums are computed together.
inline constexpr std::size_t side = 16, block_depth = 2 * side, block_size = side * side, blocks = 2;
inline constexpr std::size_t block_rows = blocks * side;

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

}  // namespace limpid::LIMPID_LEVEL
