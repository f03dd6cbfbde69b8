// Products of factors rounded to bfloat16 against plain loops, on each kind of instruction for them: of small whole
// numbers, which bfloat16 holds, they must be exact.
#include <bit>

#include "core/spread.hpp"
#include "matrix.hpp"

using namespace limpid;

namespace {

// Around a block's 16 rows, 16 units and depth of 32, two of them together, and what is rounded at a time.
const std::vector<Shape> shapes = {{1, 1, 1},   {2, 3, 2},    {5, 31, 4},   {15, 33, 15},  {16, 32, 16},
                                   {17, 1, 17}, {20, 40, 31}, {31, 64, 32}, {33, 100, 33}, {64, 65, 70},
                                   {50, 7, 48}, {3, 9000, 5}, {9000, 3, 5}, {70, 9000, 40}};

Matrix<float> whole(std::size_t rows, std::size_t columns, unsigned seed) {
    Matrix<float> made(rows, columns);
    std::mt19937 random(seed);
    made.each([&](std::size_t, std::size_t, float& number) { number = static_cast<float>(random() % 9) - 4; });
    return made;
}

// The nearest number of 8 significant bits, of two the even one.
float rounded(float number) {
    const auto bits = std::bit_cast<std::uint32_t>(number);
    return std::bit_cast<float>((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000);
}

float product_at(const Matrix<float>& a, const Matrix<float>& b, std::size_t row, std::size_t column, bool turned) {
    float sum = 0;
    for (std::size_t k = 0; k < b.rows; ++k) sum += (turned ? a.at(k, row) : a.at(row, k)) * b.at(k, column);
    return sum;
}

void check_layer(const Kernels<float>& kernels, const Shape& shape) {
    const Matrix<float> x = whole(shape.rows, shape.depth, 1), W = whole(shape.depth, shape.units, 2),
                        bias = whole(1, shape.units, 3), a = layer(kernels, of(x, W), bias);
    a.each([&](std::size_t row, std::size_t unit, float got) {
        CHECK(got == bias.at(0, unit) + product_at(x, W, row, unit, false));
    });
}

void check_back(const Kernels<float>& kernels, const Shape& shape) {
    const Matrix<float> delta = whole(shape.rows, shape.depth, 1), W = whole(shape.depth, shape.units, 2),
                        slope = whole(shape.rows, shape.units, 3), before = whole(shape.rows, shape.units, 3);
    kernels.back(of(delta, W), before.get(), nullptr, before.stride);
    before.each([&](std::size_t row, std::size_t unit, float got) {
        CHECK(got == slope.at(row, unit) * product_at(delta, W, row, unit, false));
    });
}

void check_slopes(const Kernels<float>& kernels, const Shape& shape) {
    const Matrix<float> x = whole(shape.rows, shape.depth, 1), delta = whole(shape.rows, shape.units, 2),
                        W = whole(shape.depth, shape.units, 3);
    Matrix<float> sums(shape.depth, shape.units), weights = whole(shape.depth, shape.units, 3);
    kernels.accumulate(transposed(x, delta), sums.get(), sums.stride, true);
    sums.each(
        [&](std::size_t input, std::size_t unit, float got) { CHECK(got == product_at(x, delta, input, unit, true)); });
    kernels.accumulate(transposed(x, delta), sums.get(), sums.stride, false);
    const StepNumbers<float> numbers{.kind = OptimizerKind::gradient_descent, .rate = 0.5F};
    kernels.descend(transposed(x, delta), sums.get(), numbers, {weights.get(), nullptr, nullptr, weights.stride});
    sums.each([&](std::size_t input, std::size_t unit, float got) {
        const float slope = product_at(x, delta, input, unit, true);
        CHECK(got == 2 * slope);
        CHECK(weights.at(input, unit) == W.at(input, unit) - 0.5F * 3 * slope);
    });
}

// Any numbers are rounded once; a row's bits do not depend on the rows beside it.
void check_rounding(const Kernels<float>& kernels) {
    const Matrix<float> x(37, 70, 1), W(70, 21, 2), bias(1, 21, 3), a = layer(kernels, of(x, W), bias);
    a.each([&](std::size_t row, std::size_t unit, float got) {
        Plain plain;
        plain.add(bias.at(0, unit));
        for (std::size_t k = 0; k < x.columns; ++k) plain.add(rounded(x.at(row, k)), rounded(W.at(k, unit)));
        plain.check(got);
    });
    for (std::size_t row = 0; row < x.rows; ++row) {
        Factors<float> alone = of(x, W);
        alone.a = x.row(row), alone.rows = 1;
        layer(kernels, alone, bias).each([&](std::size_t, std::size_t unit, float got) {
            CHECK(got == a.at(row, unit));
        });
    }
}

// What is not zero of a factor in lists, or spread out of them, is not rounded; what is infinite or no number is not
// lost.
void check_rest(const Kernels<float>& kernels) {
    const Matrix<float> x = Matrix<float>(9, 80, 1).thinned(2), W(80, 20, 2), bias(1, 20, 3);
    const Listed<float> lists(x, 16);
    const Factors<float> factors = listed(lists.view(), W, x.rows);
    const Kernels<float>& exact = kernels_for<float>(SimdLevel::avx512);
    CHECK(same(layer(kernels, factors, bias), layer(exact, factors, bias)));
    const Matrix<float> delta(x.rows, 20, 4), sums(x.columns, 20), wanted(x.columns, 20);
    Spread<float> spread(x.columns, x.rows);
    Factors<float> of_spread = transposed(x, delta);
    const Listed<float> whole(x, x.columns);
    spread.fill(whole.view(), 0, {0, x.columns}, x.rows), spread.describe(of_spread);
    kernels.accumulate(of_spread, sums.get(), sums.stride, true);
    exact.accumulate(of_spread, wanted.get(), wanted.stride, true);
    CHECK(same(sums, wanted));
    for (const float far : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        x.at(4, 79) = far;
        layer(kernels, of(x, W), bias).each([&](std::size_t row, std::size_t, float got) {
            CHECK(std::isfinite(got) == (row != 4));
        });
    }
}

}  // namespace

int main() {
    for (const SimdLevel level : bfloat16_levels()) {
        std::printf("%s\n", name_of(level).data());
        const Kernels<float>& kernels = kernels_for<float>(level);
        for (const Shape& shape : shapes) {
            check_layer(kernels, shape);
            check_back(kernels, shape);
            check_slopes(kernels, shape);
        }
        check_rounding(kernels);
        check_rest(kernels);
    }
    if (bfloat16_levels().empty()) std::puts("left out: this processor has no products of bfloat16");
    return 0;
}
