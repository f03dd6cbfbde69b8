// The inner loops, one table of them for each SIMD level. Matrices lie row by row, `stride` numbers from row to row;
// where a kernel reads or writes whole vectors, the rows are filled up to them (see layout.hpp).
#pragma once

#include <cstdint>

#include "core/network.hpp"
#include "core/simd.hpp"
#include "core/steps.hpp"

namespace limpid {

inline constexpr std::size_t entries_beyond = 16;
inline constexpr std::size_t seen_together = 64;  // numbers that are looked at in search of what is not zero
inline constexpr std::size_t part_depth = 256;    // of a deep product so much at a time

// How the entries of lists lie: `wide` as uint32 places and numbers, `narrow` as uint16 places and numbers, `coded` as
// uint16 places and the uint8 codes of numbers.
enum class Listing { wide, narrow, coded };

// A factor of which only what is not zero is kept, a place in the row and a number each: row r's entries in part p of
// its length are those from bounds[r * step + p] to bounds[r * step + p + 1], in ascending order. A product with an
// exact zero changes no sum's bits while the other factor is finite, so that none depends on whether it was left out.
template <class T>
struct Lists {
    const std::uint32_t* bounds = nullptr;  // null where the factor is dense
    std::size_t step = 0, parts = 0;
    Listing listing = Listing::wide;
    const void *places = nullptr, *numbers = nullptr;
    const T* codes = nullptr;  // (256,) what each code stands for
};

// The two factors of a product of shape (rows, columns) with sums over `depth`; of `a` only single numbers are read,
// but where its rows are filled up to whole vectors.
template <class T>
struct Factors {
    const T *a, *b;
    std::size_t a_stride, b_stride, rows, columns, depth;
    Lists<T> lists = {};       // in place of a
    bool filled = false;       // whether a's rows are
    bool mostly_zero = false;  // whether a is, which then lies transposed already where its transpose is asked for
};

// An embedding and what it is given; what it makes of rows lies `row_stride` numbers from row to row.
template <class T>
struct Embedded {
    const Embedding& embedding;
    Lists<T> x;
    std::size_t units, row_stride;
    const T* W = nullptr;  // as `Weights` has it
    std::size_t stride = 0;
    bool whole = false;
};

// What the output layer is measured by: weighted sums z and targets y of shape (rows, units), each row's share (rows,).
template <class T>
struct Answers {
    const T *z, *y, *shares;
    std::size_t stride, rows, units;
    Activation output;
    Measure cost;
    bool matching;  // whether the cost's delta is a - y with this activation
    Groups groups = {};
    T scale = 1;  // of dC/dz, not of the costs
};

// Parameters that a step moves, and what the optimizer remembers of them (null where it does not).
template <class T>
struct Movable {
    T *w, *first, *second;
    std::size_t stride;
};

// The way back through a normalisation: what it made of the sums, and blame = dC/d(normal gamma + beta), both
// (rows, units).
template <class T>
struct Normalized {
    const T *blame, *normal, *gamma;
    std::size_t rows, units, stride;
};

template <class T>
struct Kernels {
    // a = f(x W + bias), and f' where `slope` is given, both times `mask` where that is; softmax gives z. Sums wait in
    // `a`, which must not be x.
    void (*layer)(const Factors<T>& x_and_W, const T* bias, Activation, T* a, T* slope, const T* mask,
                  std::size_t stride);
    // The first layer where it is an embedding: a = x W, and f' = 1 where `slope` is given.
    void (*embed)(const Embedded<T>&, std::size_t rows, T* a, T* slope);
    // f of whole rows of z in place, softmax too; `room` is for `output_room` numbers.
    void (*activate)(Activation, const Groups&, T* z, std::size_t rows, std::size_t units, std::size_t stride, T* room);
    // `scale` times dC/dz of the output layer, zero in the filled-up columns, and each row's cost by its share to
    // `costs`.
    void (*output_cost)(const Answers<T>&, T* delta, T* costs, T* room);
    // (columns, rows) from (rows, columns), in rows filled up to whole vectors.
    void (*transpose)(const T* from, std::size_t from_stride, std::size_t rows, std::size_t columns, T* to,
                      std::size_t to_stride);
    // dC/dz of a hidden layer from the next one's: (delta_next W_next^T) f'; f' comes in `delta`. `waiting` is room of
    // the same size, needed where the depth is more than `part_depth`.
    void (*back)(const Factors<T>& delta_and_W, T* delta, T* waiting, std::size_t stride);
    // The slope x^T delta, added to `sums` where they are given, and at once the optimizer's step along it.
    void (*descend)(const Factors<T>& x_and_delta, const T* sums, const StepNumbers<T>&, const Movable<T>&);
    // sums += x^T delta; where `fresh`, sums = x^T delta.
    void (*accumulate)(const Factors<T>& x_and_delta, T* sums, std::size_t stride, bool fresh);
    // The same with the rows of x in lists: part `part` of them, which begins at input `first`.
    void (*scatter)(const Lists<T>& x, std::size_t part, std::size_t first, std::size_t rows, const T* delta,
                    std::size_t units, T* sums, std::size_t stride);
    // The same along an embedding's learned numbers, from row `first` on.
    void (*scatter_embedded)(const Embedded<T>&, std::size_t part, std::size_t first, std::size_t rows, const T* delta,
                             T* sums, std::size_t stride);
    // The optimizer's step along `scale` times the slopes g, which lie like the (rows, units) parameters.
    void (*step)(const StepNumbers<T>&, const Movable<T>&, const T* g, T scale, std::size_t rows, std::size_t units);
    // sums[c] += the sum of column c; where `fresh`, sums[c] = it.
    void (*column_sums)(const T* rows_of, std::size_t rows, std::size_t units, std::size_t stride, T* sums, bool fresh);
    // The sum of the squares of a (rows, units) matrix; `columns` is room for one row.
    double (*sum_of_squares)(const T* matrix, std::size_t rows, std::size_t units, std::size_t stride, T* columns);
    // Scales each column of a (rows, units) matrix down to a Euclidean norm of at most `limit`.
    void (*limit_columns)(T* matrix, std::size_t rows, std::size_t units, std::size_t stride, T limit);
    // normal = (sums - mean) scale with scale = 1 / sqrt(variance + epsilon): of each row's own mean and variance, its
    // scale to `scales` where they are given; and of columns' means and variances. `normal` may be the sums.
    void (*normalize_rows)(const T* sums, std::size_t rows, std::size_t units, std::size_t stride, T* normal, T* scales,
                           T* room);
    void (*normalize_columns)(const T* sums, const T* mean, const T* variance, std::size_t rows, std::size_t units,
                              std::size_t stride, T* normal);
    // Mean and variance of each column, its rows weighted by their shares.
    void (*column_moments)(const T* sums, const T* shares, std::size_t rows, std::size_t units, std::size_t stride,
                           T* mean, T* variance);
    // a = f(normal gamma + beta), and f' where `slope` is given, both times `mask` where that is. `a` may be `normal`.
    void (*rescale)(Activation, const T* normal, const T* gamma, const T* beta, std::size_t rows, std::size_t units,
                    std::size_t stride, T* a, T* slope, const T* mask);
    // dC/d(sums): through each row's own statistics; and through columns' ones, which are the batch's own where shares
    // and, for all its rows, the sums of blame and of blame times normal are given.
    void (*back_through_rows)(const Normalized<T>&, const T* scales, T* delta, T* room);
    void (*back_through_columns)(const Normalized<T>&, const T* variance, const T* shares, const T* blame_sums,
                                 const T* product_sums, T* delta);
    // sums[c] += the sum of column c of one times other, number by number; where `fresh`, sums[c] = it.
    void (*column_products)(const T* one, const T* other, std::size_t rows, std::size_t units, std::size_t stride,
                            T* sums, bool fresh);
    // What is not zero of `count` numbers, which lie from place `first` on, and its places; returns how many there are.
    // `entries_beyond` more of either may be written.
    std::size_t (*thin)(const T* numbers, std::size_t first, std::size_t count, std::uint32_t* places, T* kept);
    // Of a tile of products: each thread's rows begin with a whole one.
    std::size_t rows_together;
};

// How many numbers the kernels that turn rows side by side need room for.
template <class T>
constexpr std::size_t output_room(std::size_t units) {
    constexpr std::size_t widest = 64 / sizeof(T);
    return 3 * widest * ((units + widest - 1) / widest * widest);
}

// Squares are added up in T over so many rows, column by column, and from there in double.
inline constexpr std::size_t rows_a_block = 32;

// Each level's table, made in the file of its name.
template <class T>
const Kernels<T>& baseline_kernels();
template <class T>
const Kernels<T>& avx2_kernels();
template <class T>
const Kernels<T>& avx512_kernels();
// Products of factors rounded to bfloat16.
const Kernels<float>& avx512_bf16_kernels();
const Kernels<float>& amx_bf16_kernels();

template <class T>
const Kernels<T>& kernels_for([[maybe_unused]] SimdLevel level) {
#if defined(LIMPID_X86)
    if constexpr (sizeof(T) == 4) {
        if (level == SimdLevel::amx_bf16) return amx_bf16_kernels();
        if (level == SimdLevel::avx512_bf16) return avx512_bf16_kernels();
    }
    if (level == SimdLevel::avx512) return avx512_kernels<T>();
    if (level == SimdLevel::avx2) return avx2_kernels<T>();
#endif
    return baseline_kernels<T>();
}

}  // namespace limpid
