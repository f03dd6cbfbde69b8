// The kernels of one SIMD level: what kernels.hpp promises, over the formulas of the files included here.
#pragma once

#include "core/normalization.hpp"
#include "core/optimizers.hpp"
#include "core/output.hpp"
#include "core/products.hpp"
#include "core/thin.hpp"

namespace limpid::LIMPID_LEVEL {

template <class T>
void layer(const Factors<T>& factors, const T* bias, Activation activation, T* a, T* slope, const T* mask,
           std::size_t stride) {
    const auto finish = [&]<int Rows, int Vectors>(Tile<T, Rows, Vectors>& tile, std::size_t row,
                                                   std::size_t column) __attribute__((always_inline)) {
        const std::size_t at = row * stride + column;
        if (activation == Activation::relu && !mask) {
            tile.each([&](std::size_t i, std::size_t j, Vector<T>& sum) __attribute__((always_inline)) {
                const ValueAndSlope<T> found = activate<Activation::relu>(sum);
                found.value.store(a + at + i * stride + j);
                if (slope) found.slope.store(slope + at + i * stride + j);
            });
            return;
        }
        tile.store(a + at, stride);  // the smooth ones need all registers: from the nearest cache, tile by tile
        with_activation(activation, [&]<Activation known>() {
            if (known != Activation::identity || slope || mask)
                activate_block<known>(a + at, slope ? slope + at : slope, mask ? mask + at : mask, stride, Rows,
                                      Vectors);
        });
    };
    product(factors, From<T>{bias, 0}, finish, a, stride);
}

template <class T>
void back(const Factors<T>& factors, T* delta, T* waiting, std::size_t stride) {
    const auto finish = [&]<int Rows, int Vectors>(Tile<T, Rows, Vectors>& tile, std::size_t row,
                                                   std::size_t column) __attribute__((always_inline)) {
        T* slopes = delta + row * stride + column;
        tile.each([&](std::size_t i, std::size_t j, Vector<T>& sum) __attribute__((always_inline)) {
            (sum * Vector<T>::load(slopes + i * stride + j)).store(slopes + i * stride + j);
        });
    };
    product(factors, From<T>{nullptr, 0}, finish, waiting, stride);
}

// One vector of parameters moves along the slopes g.
template <OptimizerKind kind, class T>
[[gnu::always_inline]] inline void move_at(const StepNumbers<T>& numbers, const Movable<T>& parameters, std::size_t at,
                                           Vector<T> g) {
    using V = Vector<T>;
    constexpr bool remembers_first = kind != OptimizerKind::gradient_descent;
    constexpr bool remembers_second = kind == OptimizerKind::adam || kind == OptimizerKind::nadam;
    V first(T(0)), second(T(0));
    if constexpr (remembers_first) first = V::load(parameters.first + at);
    if constexpr (remembers_second) second = V::load(parameters.second + at);
    move<kind>(numbers, V::load(parameters.w + at), g, first, second).store(parameters.w + at);
    if constexpr (remembers_first) first.store(parameters.first + at);
    if constexpr (remembers_second) second.store(parameters.second + at);
}

// Parameters are on their way from memory while their slopes are summed up.
template <OptimizerKind kind, class T>
[[gnu::always_inline]] inline void ask_for(const Movable<T>& parameters, std::size_t at) {
    __builtin_prefetch(parameters.w + at, 1);
    if constexpr (kind != OptimizerKind::gradient_descent) __builtin_prefetch(parameters.first + at, 1);
    if constexpr (kind == OptimizerKind::adam || kind == OptimizerKind::nadam)
        __builtin_prefetch(parameters.second + at, 1);
}

template <class T>
void descend(const Factors<T>& factors, const T* sums, const StepNumbers<T>& numbers, const Movable<T>& parameters) {
    const std::size_t stride = parameters.stride;
    with_optimizer(numbers.kind, [&]<OptimizerKind kind>() {
        const auto finish = [&]<int Rows, int Vectors>(Tile<T, Rows, Vectors>& tile, std::size_t row,
                                                       std::size_t column) __attribute__((always_inline)) {
            // copies of this function's own: a store might change what others share, which would be read each time
            const StepNumbers<T> own = numbers;
            const Movable<T> here = parameters;
            tile.each([&](std::size_t i, std::size_t j, Vector<T>& sum) __attribute__((always_inline)) {
                move_at<kind>(own, here, (row + i) * here.stride + column + j, sum);
            });
        };
        const auto start = [&]<int Rows, int Vectors>(Tile<T, Rows, Vectors>& tile, std::size_t row,
                                                      std::size_t column) __attribute__((always_inline)) {
            From<T>{sums, stride}(tile, row, column);
            tile.each([&](std::size_t i, std::size_t j, Vector<T>&) __attribute__((always_inline)) {
                ask_for<kind>(parameters, (row + i) * stride + column + j);
            });
        };
        transposed_product(factors, start, finish);
    });
}

template <class T>
void accumulate(const Factors<T>& factors, T* sums, std::size_t stride, bool fresh) {
    transposed_product(factors, From<T>{fresh ? nullptr : sums, stride},
                       [&]<int Rows, int Vectors>(Tile<T, Rows, Vectors>& tile, std::size_t row, std::size_t column)
                           __attribute__((always_inline)) { tile.store(sums + row * stride + column, stride); });
}

// Some columns of `scatter`: a row's delta stays in registers while its inputs pass.
template <int Vectors, class T, class Listed>
[[gnu::noinline]] inline std::size_t scatter_strips(const Lists<T>& x, const Listed entries, std::size_t part,
                                                    std::size_t first, std::size_t rows, const T* delta,
                                                    std::size_t column, std::size_t units, T* sums,
                                                    std::size_t stride) {
    constexpr std::size_t width = Vector<T>::width;
    for (; column + (Vectors - 1) * width < units; column += Vectors * width)
        for (std::size_t row = 0; row < rows; ++row) {
            Tile<T, 1, Vectors> of_row;
            of_row.load(delta + row * stride + column, stride);
            const std::uint32_t* bounds = x.bounds + row * x.step + part;
            for (std::uint32_t entry = bounds[0], end = bounds[1]; entry < end; ++entry) {
                T* const to = sums + (entries.place(entry) - first) * stride + column;
                of_row.each(
                    [&, value = Vector<T>(entries.number(entry))](std::size_t, std::size_t at, Vector<T>& slope)
                        __attribute__((always_inline)) { fma(value, slope, Vector<T>::load(to + at)).store(to + at); });
            }
        }
    return column;
}

template <class T>
void scatter(const Lists<T>& x, std::size_t part, std::size_t first, std::size_t rows, const T* delta,
             std::size_t units, T* sums, std::size_t stride) {
    with_entries(x, [&](const auto entries) {
        std::size_t column = scatter_strips<8>(x, entries, part, first, rows, delta, 0, units, sums, stride);
        column = scatter_strips<4>(x, entries, part, first, rows, delta, column, units, sums, stride);
        column = scatter_strips<2>(x, entries, part, first, rows, delta, column, units, sums, stride);
        scatter_strips<1>(x, entries, part, first, rows, delta, column, units, sums, stride);
    });
}

// a b + c as vectors have it.
template <class T>
[[gnu::always_inline]] inline T fused(T a, T b, T c) {
#if defined(__FMA__)
    if constexpr (sizeof(T) == 4)
        return __builtin_fmaf(a, b, c);
    else
        return __builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
}

// `to` += factor times `from`, of any number of numbers: what lies beside them is not touched.
template <class T>
[[gnu::always_inline]] inline void add_to(T factor, const T* __restrict from, std::size_t count, T* __restrict to) {
    for (std::size_t at = 0; at < count; ++at) to[at] = fused(factor, from[at], to[at]);
}

template <class T>
void embed(const Embedded<T>& of, std::size_t rows, T* a, T* slope) {
    const auto* const places = of.embedding.places.data();
    with_entries(of.x, [&](const auto entries) {
        for (std::size_t row = 0; row < rows; ++row, a += of.row_stride) {
            each_vector<T>(of.units, [&](std::size_t at) {
                Vector<T>(T(0)).store(a + at);
                if (slope) Vector<T>(T(1)).store(slope + row * of.row_stride + at);
            });
            const std::uint32_t* bounds = of.x.bounds + row * of.x.step;
            for (std::uint32_t entry = bounds[0]; entry < bounds[of.x.parts]; ++entry) {
                const std::size_t place = entries.place(entry);
                const auto [unit, learned] = places[place];
                if (learned == Embedding::none)
                    a[unit] = entries.number(entry);
                else
                    add_to(entries.number(entry), of.W + (of.whole ? place * of.stride + unit : learned * of.stride),
                           of.embedding.dimensions, a + unit);
            }
        }
    });
}

template <class T>
void scatter_embedded(const Embedded<T>& of, std::size_t part, std::size_t first, std::size_t rows, const T* delta,
                      T* sums, std::size_t stride) {
    const auto* const places = of.embedding.places.data();
    with_entries(of.x, [&](const auto entries) {
        for (std::size_t row = 0; row < rows; ++row, delta += of.row_stride) {
            const std::uint32_t* bounds = of.x.bounds + row * of.x.step + part;
            for (std::uint32_t entry = bounds[0]; entry < bounds[1]; ++entry)
                if (const auto [unit, learned] = places[entries.place(entry)]; learned != Embedding::none)
                    add_to(entries.number(entry), delta + unit, of.embedding.dimensions,
                           sums + (learned - first) * stride);
        }
    });
}

template <class T>
void step(const StepNumbers<T>& numbers, const Movable<T>& parameters, const T* g, T scale, std::size_t rows,
          std::size_t units) {
    with_optimizer(numbers.kind, [&]<OptimizerKind kind>() {
        for (std::size_t row = 0; row < rows; ++row)
            each_vector<T>(units, [&](std::size_t unit) {
                const std::size_t at = row * parameters.stride + unit;
                move_at<kind>(numbers, parameters, at, Vector<T>(scale) * Vector<T>::load(g + at));
            });
    });
}

// Every fourth row is a sum of its own, so that none waits for the row before.
template <class T>
void column_sums(const T* of, std::size_t rows, std::size_t units, std::size_t stride, T* sums, bool fresh) {
    each_vector<T>(units, [&](std::size_t at) {
        const T* from = of + at;
        Vector<T> zero(T(0)), first = fresh ? zero : Vector<T>::load(sums + at), second = zero, third = zero,
                              fourth = zero;
        std::size_t row = 0;
        for (; row + 4 <= rows; row += 4, from += 4 * stride) {
            first = first + Vector<T>::load(from);
            second = second + Vector<T>::load(from + stride);
            third = third + Vector<T>::load(from + 2 * stride);
            fourth = fourth + Vector<T>::load(from + 3 * stride);
        }
        for (; row < rows; ++row, from += stride) first = first + Vector<T>::load(from);
        (first + second + (third + fourth)).store(sums + at);
    });
}

template <class T>
double sum_of_squares(const T* matrix, std::size_t rows, std::size_t units, std::size_t stride, T* columns) {
    double total = 0;
    for (std::size_t first = 0; first < rows; first += rows_a_block) {
        const std::size_t end = first + rows_a_block < rows ? first + rows_a_block : rows;
        each_vector<T>(units, [&](std::size_t at) {
            Vector<T> sum(T(0));
            for (std::size_t row = first; row < end; ++row) {
                const Vector<T> w = Vector<T>::load(matrix + row * stride + at);
                sum = fma(w, w, sum);
            }
            sum.store(columns + at);
        });
        for (std::size_t unit = 0; unit < units; ++unit) total += static_cast<double>(columns[unit]);
    }
    return total;
}

template <class T>
void limit_columns(T* matrix, std::size_t rows, std::size_t units, std::size_t stride, T limit) {
    const Vector<T> most(limit), one(T(1));
    each_vector<T>(units, [&](std::size_t at) {
        Sum<T> squares;
        for (std::size_t row = 0; row < rows; ++row) {
            const Vector<T> w = Vector<T>::load(matrix + row * stride + at);
            squares.add(w * w);
        }
        const Vector<T> norm = sqrt(squares.total()), scale = select(norm > most, most / norm, one);
        for (std::size_t row = 0; row < rows; ++row) {
            T* const w = matrix + row * stride + at;
            (scale * Vector<T>::load(w)).store(w);
        }
    });
}

template <class T>
inline constexpr Kernels<T> kernels{.layer = layer<T>,
                                    .embed = embed<T>,
                                    .activate = activate_rows<T>,
                                    .output_cost = output_cost<T>,
                                    .transpose = transpose<T>,
                                    .back = back<T>,
                                    .descend = descend<T>,
                                    .accumulate = accumulate<T>,
                                    .scatter = scatter<T>,
                                    .scatter_embedded = scatter_embedded<T>,
                                    .step = step<T>,
                                    .column_sums = column_sums<T>,
                                    .sum_of_squares = sum_of_squares<T>,
                                    .limit_columns = limit_columns<T>,
                                    .normalize_rows = normalize_rows<T>,
                                    .normalize_columns = normalize_columns<T>,
                                    .column_moments = column_moments<T>,
                                    .rescale = rescale<T>,
                                    .back_through_rows = back_through_rows<T>,
                                    .back_through_columns = back_through_columns<T>,
                                    .column_products = column_products<T>,
                                    .thin = thin<T>,
                                    .rows_together = tile_rows};

}  // namespace limpid::LIMPID_LEVEL
