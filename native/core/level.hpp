// The kernels of one SIMD level: what kernels.hpp promises, over the formulas of the files included here.
#pragma once

#include "core/matmul.hpp"
#include "core/optimizers.hpp"
#include "core/output.hpp"

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

template <class T>
void descend(const Factors<T>& factors, const T* sums, const StepNumbers<T>& numbers, const Movable<T>& parameters) {
    const std::size_t stride = parameters.stride;
    with_optimizer(numbers.kind, [&]<OptimizerKind kind>() {
        const auto finish = [&]<int Rows, int Vectors>(Tile<T, Rows, Vectors>& tile, std::size_t row,
                                                       std::size_t column) __attribute__((always_inline)) {
            tile.each([&](std::size_t i, std::size_t j, Vector<T>& sum) __attribute__((always_inline)) {
                move_at<kind>(numbers, parameters, (row + i) * stride + column + j, sum);
            });
        };
        transposed_product(factors, From<T>{sums, stride}, finish);
    });
}

template <class T>
void accumulate(const Factors<T>& factors, T* sums, std::size_t stride, bool fresh) {
    transposed_product(factors, From<T>{fresh ? nullptr : sums, stride},
                       [&]<int Rows, int Vectors>(Tile<T, Rows, Vectors>& tile, std::size_t row, std::size_t column)
                           __attribute__((always_inline)) { tile.store(sums + row * stride + column, stride); });
}

template <class T>
void step(const StepNumbers<T>& numbers, const Movable<T>& parameters, const T* g, T scale, std::size_t count) {
    with_optimizer(numbers.kind, [&]<OptimizerKind kind>() {
        each_vector<T>(count, [&](std::size_t at) {
            move_at<kind>(numbers, parameters, at, Vector<T>(scale) * Vector<T>::load(g + at));
        });
    });
}

template <class T>
void column_sums(const T* of, std::size_t rows, std::size_t units, std::size_t stride, T* sums, bool fresh) {
    each_vector<T>(units, [&](std::size_t at) {
        Vector<T> sum = fresh ? Vector<T>(T(0)) : Vector<T>::load(sums + at);
        for (std::size_t row = 0; row < rows; ++row) sum = sum + Vector<T>::load(of + row * stride + at);
        sum.store(sums + at);
    });
}

template <class T>
double sum_of_squares(const T* matrix, std::size_t rows, std::size_t units, std::size_t stride, T* columns) {
    return block_sum(rows, units, columns, [&](std::size_t row) {
        each_vector<T>(units, [&](std::size_t at) {
            const Vector<T> w = Vector<T>::load(matrix + row * stride + at);
            fma(w, w, Vector<T>::load(columns + at)).store(columns + at);
        });
    });
}

template <class T>
inline constexpr Kernels<T> kernels{layer<T>,      activate_rows<T>, output_cost<T>, back<T>,          descend<T>,
                                    accumulate<T>, step<T>,          column_sums<T>, sum_of_squares<T>};

}  // namespace limpid::LIMPID_LEVEL
