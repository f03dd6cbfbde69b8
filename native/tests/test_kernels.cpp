// The kernels of every level against plain loops: products of all shapes, the same sums in any tile, fused or not.
#include <algorithm>
#include <random>

#include "check.hpp"
#include "core/kernels.hpp"
#include "core/layout.hpp"

using namespace limpid;

template <class T>
struct Matrix {
    std::size_t rows, columns, stride;
    Buffer<T> numbers;

    Matrix(std::size_t r, std::size_t c, unsigned seed = 0)
        : rows(r), columns(c), stride(stride_of<T>(c)), numbers(r * stride) {
        std::mt19937 random(seed);
        std::normal_distribution<T> draw;
        if (!seed) return;
        for (std::size_t row = 0; row < rows; ++row)
            for (std::size_t column = 0; column < columns; ++column) at(row, column) = draw(random);
    }
    T& at(std::size_t row, std::size_t column) { return numbers.get()[row * stride + column]; }
    T* get() { return numbers.get(); }
};

template <class T>
static void check_layer(const Kernels<T>& kernels, std::size_t rows, std::size_t depth, std::size_t units,
                        double allowed) {
    Matrix<T> x(rows, depth, 1), W(depth, units, 2), bias(1, units, 3), a(rows, units), slope(rows, units);
    kernels.layer({x.get(), W.get(), x.stride, W.stride, rows, units, depth}, bias.get(), Activation::relu, a.get(),
                  slope.get(), nullptr, a.stride);
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t unit = 0; unit < units; ++unit) {
            double z = static_cast<double>(bias.at(0, unit));
            for (std::size_t k = 0; k < depth; ++k) z += static_cast<double>(x.at(row, k) * W.at(k, unit));
            check_close(static_cast<double>(a.at(row, unit)), z > 0 ? z : 0, allowed, "layer");
            if (std::abs(z) > 1e-3) CHECK(slope.at(row, unit) == (z > 0 ? 1 : 0));
        }
    Matrix<T> alone(1, units);
    const std::size_t last = rows - 1;
    kernels.layer({x.get() + last * x.stride, W.get(), x.stride, W.stride, 1, units, depth}, bias.get(),
                  Activation::relu, alone.get(), nullptr, nullptr, alone.stride);
    for (std::size_t unit = 0; unit < units; ++unit) CHECK(alone.at(0, unit) == a.at(last, unit));
    Matrix<T> mask(rows, units, 4), masked(rows, units);
    kernels.layer({x.get(), W.get(), x.stride, W.stride, rows, units, depth}, bias.get(), Activation::relu,
                  masked.get(), slope.get(), mask.get(), masked.stride);
    CHECK(masked.at(last, units - 1) == a.at(last, units - 1) * mask.at(last, units - 1));
}

template <class T>
static void check_back(const Kernels<T>& kernels, std::size_t rows, std::size_t units, std::size_t next,
                       double allowed) {
    Matrix<T> delta(rows, next, 1), W(next, units, 2), slope(rows, units, 3), before(rows, units, 3),
        waiting(rows, units);
    kernels.back({delta.get(), W.get(), delta.stride, W.stride, rows, units, next}, before.get(), waiting.get(),
                 before.stride);
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t unit = 0; unit < units; ++unit) {
            double sum = 0;
            for (std::size_t k = 0; k < next; ++k) sum += static_cast<double>(delta.at(row, k) * W.at(k, unit));
            check_close(static_cast<double>(before.at(row, unit)), sum * static_cast<double>(slope.at(row, unit)),
                        allowed, "delta");
        }
}

// A step in two: sums over the first rows kept in memory, the rest and the optimizer fused; against sums, then a step.
template <class T>
static void check_descend(const Kernels<T>& kernels, OptimizerKind kind, std::size_t rows, std::size_t inputs,
                          std::size_t units) {
    Matrix<T> x(rows, inputs, 1), delta(rows, units, 2), sums(inputs, units), whole(inputs, units);
    Matrix<T> w(inputs, units, 3), first(inputs, units, 4), second(inputs, units);
    Matrix<T> other_w(inputs, units, 3), other_first(inputs, units, 4), other_second(inputs, units);
    const Optimizer optimizer{kind, 0.9, 0.9, 0.9, 0.99, 1e-8, 0.1, false};
    const StepNumbers<T> numbers = step_numbers<T>(optimizer, 0.1, 3, 0.01, true);
    for (std::size_t at = 0; at < inputs * w.stride; ++at)
        first.get()[at] = other_first.get()[at] = std::abs(first.get()[at]);
    const std::size_t half = rows / 2;
    kernels.accumulate({x.get(), delta.get(), x.stride, delta.stride, inputs, units, half}, sums.get(), sums.stride,
                       true);
    kernels.descend({x.get() + half * x.stride, delta.get() + half * delta.stride, x.stride, delta.stride, inputs,
                     units, rows - half},
                    sums.get(), numbers, {w.get(), first.get(), second.get(), w.stride});
    kernels.accumulate({x.get(), delta.get(), x.stride, delta.stride, inputs, units, rows}, whole.get(), whole.stride,
                       true);
    kernels.step(numbers, {other_w.get(), other_first.get(), other_second.get(), w.stride}, whole.get(), T(1),
                 inputs * w.stride);
    for (std::size_t input = 0; input < inputs; ++input)
        for (std::size_t unit = 0; unit < units; ++unit) {
            CHECK(w.at(input, unit) == other_w.at(input, unit));
            CHECK(first.at(input, unit) == other_first.at(input, unit));
            double sum = 0;
            for (std::size_t row = 0; row < rows; ++row)
                sum += static_cast<double>(x.at(row, input) * delta.at(row, unit));
            check_close(static_cast<double>(whole.at(input, unit)), sum, sizeof(T) == 4 ? 1e-4 : 1e-12, "slope");
        }
}

template <class T>
static void check_sums(const Kernels<T>& kernels, std::size_t rows, std::size_t units) {
    Matrix<T> values(rows, units, 7), sums(1, units), columns(1, units);
    kernels.column_sums(values.get(), rows, units, values.stride, sums.get(), true);
    kernels.column_sums(values.get(), rows, units, values.stride, sums.get(), false);
    double squares = 0;
    for (std::size_t unit = 0; unit < units; ++unit) {
        double sum = 0;
        for (std::size_t row = 0; row < rows; ++row) {
            sum += static_cast<double>(values.at(row, unit));
            squares += static_cast<double>(values.at(row, unit)) * static_cast<double>(values.at(row, unit));
        }
        check_close(static_cast<double>(sums.at(0, unit)), 2 * sum, 1e-4, "column sum");
    }
    check_close(kernels.sum_of_squares(values.get(), rows, units, values.stride, columns.get()), squares, 1e-5,
                "squares");
}

template <class T>
static void check_output(const Kernels<T>& kernels, Activation output, Cost cost, std::size_t rows, std::size_t units) {
    Matrix<T> z(rows, units, 1), y(rows, units, 2), delta(rows, units), columns(1, units), shares(1, rows);
    for (std::size_t row = 0; row < rows; ++row) {
        shares.at(0, row) = T(1) / static_cast<T>(rows);
        for (std::size_t unit = 0; unit < units; ++unit) y.at(row, unit) = std::min(std::abs(y.at(row, unit)), T(1));
    }
    const auto run = [&] {
        return kernels.output_cost(
            {z.get(), y.get(), shares.get(), z.stride, rows, units, output, cost, matches(output, cost.kind)},
            delta.get(), columns.get());
    };
    run();
    const T step = sizeof(T) == 4 ? T(1e-2) : T(1e-5);
    const T wanted = delta.at(rows - 1, units - 1), before = z.at(rows - 1, units - 1);
    z.at(rows - 1, units - 1) = before + step;
    const double above = run();
    z.at(rows - 1, units - 1) = before - step;
    const double below = run();
    check_close(static_cast<double>(wanted), (above - below) / (2 * static_cast<double>(step)),
                sizeof(T) == 4 ? 1e-2 : 1e-6, "blame of the output");
    if (units % 4) CHECK(delta.get()[units] == 0);
}

int main() {
    for (const SimdLevel level : levels_here()) {
        const auto& singles = kernels_for<float>(level);
        const auto& doubles = kernels_for<double>(level);
        for (const std::size_t rows : {1u, 2u, 3u, 5u, 6u, 13u, 40u})
            for (const std::size_t units : {1u, 3u, 8u, 17u, 33u}) {
                check_layer<float>(singles, rows, 11, units, 1e-5);
                check_layer<double>(doubles, rows, 11, units, 1e-13);
                check_sums<float>(singles, rows, units);
                check_sums<double>(doubles, rows, units);
            }
        check_layer<float>(singles, 9, 2 * part_depth + 3, 7, 1e-3);
        check_layer<double>(doubles, 9, 2 * part_depth + 3, 7, 1e-12);
        check_back<float>(singles, 9, 21, 2 * part_depth + 3, 1e-3);
        check_back<double>(doubles, 9, 21, 7, 1e-13);
        check_descend<float>(singles, OptimizerKind::adam, 4, part_depth + 5, 3);
        for (std::size_t kind = 0; kind < optimizer_names.size(); ++kind) {
            check_descend<float>(singles, static_cast<OptimizerKind>(kind), 9, 13, 19);
            check_descend<double>(doubles, static_cast<OptimizerKind>(kind), 9, 13, 19);
        }
        const Cost costs[] = {{CostKind::squared_error, 0},
                              {CostKind::huber, 0.7},
                              {CostKind::poisson, 0},
                              {CostKind::binary_cross_entropy, 0},
                              {CostKind::quantile, 0.3}};
        for (const Cost& cost : costs)
            for (const Activation output : {Activation::sigmoid, Activation::softmax, Activation::softplus}) {
                if (output == Activation::softplus && cost.kind == CostKind::binary_cross_entropy) continue;
                check_output<float>(singles, output, cost, 35, 5);
                check_output<double>(doubles, output, cost, 35, 5);
            }
        check_output<double>(doubles, Activation::softmax, {CostKind::cross_entropy, 0}, 35, 5);
        check_output<double>(doubles, Activation::identity, {CostKind::squared_error, 0}, 3, 1);
        check_output<double>(doubles, Activation::exp, {CostKind::poisson, 0}, 3, 2);
    }
    return 0;
}
