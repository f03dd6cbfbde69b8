// The products and sums of every level against plain loops: all shapes, with zeros left out or not, in any parts.
#include "core/spread.hpp"
#include "matrix.hpp"

using namespace limpid;

namespace {

// Around a tile's rows, a vector's and a strip's width, and the depth that is taken at a time; the last ones are large
// enough that strips are packed.
const std::vector<Shape> shapes = {{1, 1, 1},      {2, 3, 2},      {3, 11, 4},    {5, 11, 8},   {6, 7, 15},
                                   {7, 12, 16},    {8, 5, 17},     {11, 11, 33},  {13, 9, 70},  {6, 8, 129},
                                   {4, 6, 150},    {4, 1, 150},    {9, 512, 3},   {3, 513, 20}, {7, 1030, 7},
                                   {50, 256, 150}, {52, 300, 129}, {250, 50, 150}};

template <class T>
void check_layer(const Shape& shape, const Matrix<T>& x) {
    const Matrix<T> W(shape.depth, shape.units, 3), bias(1, shape.units, 4);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> a = layer(kernels, of(x, W), bias);
        a.each([&](std::size_t row, std::size_t unit, T got) {
            Plain plain;
            plain.add(bias.at(0, unit));
            for (std::size_t k = 0; k < shape.depth; ++k) plain.add(x.at(row, k), W.at(k, unit));
            plain.check(got);
        });
        for (const std::size_t block : {1, 8, 64, 2048}) {
            const Listed<T> lists(x, block);
            for (const Lists<T>& view : lists.views()) CHECK(same(a, layer(kernels, listed(view, W, x.rows), bias)));
        }
        Factors<T> alone = of(x, W);
        alone.a = x.row(x.rows - 1), alone.rows = 1;
        layer(kernels, alone, bias).each([&](std::size_t, std::size_t unit, T got) {
            CHECK(got == a.at(x.rows - 1, unit));
        });
        return a;
    });
}

// f and f' of what the sums were, both times the mask.
template <class T>
void check_finish(Activation kind, std::size_t units) {
    const Matrix<T> x(7, 3, 1), W(3, units, 2), bias(1, units, 3), mask(7, units, 4), room(3 * 16, units);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        const auto shifted = [&](T by) {
            Matrix<T> z = layer(kernels, of(x, W), bias);
            z.each([&](std::size_t, std::size_t, T& number) { number += by; });
            if (kind != Activation::softmax) kernels.activate(kind, {}, z.get(), 7, units, z.stride, room.get());
            return z;
        };
        const Matrix<T> slope(7, units), masked_slope(7, units), wanted = shifted(0),
                                                                 z = layer(kernels, of(x, W), bias);
        Matrix<T> a = layer(kernels, of(x, W), bias, kind, &slope);
        CHECK(same(a, wanted));
        CHECK(same(a, layer(kernels, of(x, W), bias, kind)));
        const Matrix<T> masked = layer(kernels, of(x, W), bias, kind, &masked_slope, &mask);
        const T step = sizeof(T) == 4 ? T(1e-2) : T(1e-6);
        const Matrix<T> above = shifted(step), below = shifted(-step);
        a.each([&](std::size_t row, std::size_t unit, T value) {
            CHECK(masked.at(row, unit) == value * mask.at(row, unit));
            CHECK(masked_slope.at(row, unit) == slope.at(row, unit) * mask.at(row, unit));
            const T numeric = (above.at(row, unit) - below.at(row, unit)) / (2 * step);
            if (std::abs(z.at(row, unit)) < 2 * step) return;  // there may be a kink
            check_close(static_cast<double>(slope.at(row, unit)), static_cast<double>(numeric),
                        sizeof(T) == 4 ? 1e-3 : 1e-7, "slope");
        });
        return a;
    });
}

template <class T>
void check_back(const Shape& shape) {
    const Matrix<T> delta(shape.rows, shape.depth, 1), W(shape.depth, shape.units, 2),
        slope(shape.rows, shape.units, 3), waiting(shape.rows, shape.units);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> before(shape.rows, shape.units, 3);
        kernels.back(of(delta, W), before.get(), shape.depth > part_depth ? waiting.get() : nullptr, before.stride);
        before.each([&](std::size_t row, std::size_t unit, T got) {
            Plain plain;
            for (std::size_t k = 0; k < shape.depth; ++k)
                plain.add(delta.at(row, k), static_cast<long double>(W.at(k, unit)) * slope.at(row, unit));
            plain.check(got);
        });
        return before;
    });
}

// The slopes x^T delta: at once, after some rows' sums, and with the rows of x in lists, as these are or spread out,
// a part after the other and in two halves.
template <class T>
void check_slopes(const Shape& shape, const Matrix<T>& x) {
    const Matrix<T> delta(x.rows, shape.units, 2);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> sums(x.columns, shape.units, 3), in_two(x.columns, shape.units, 4);
        kernels.accumulate(transposed(x, delta), sums.get(), sums.stride, true);
        sums.each([&](std::size_t input, std::size_t unit, T got) {
            Plain plain;
            for (std::size_t row = 0; row < x.rows; ++row) plain.add(x.at(row, input), delta.at(row, unit));
            plain.check(got);
        });
        Factors<T> first = transposed(x, delta), rest = first;
        first.depth = x.rows / 2, rest.depth -= first.depth;
        rest.a = x.row(first.depth), rest.b = delta.row(first.depth);
        kernels.accumulate(first, in_two.get(), in_two.stride, true);
        kernels.accumulate(rest, in_two.get(), in_two.stride, false);
        CHECK(same(sums, in_two));
        for (const std::size_t block : {1, 8, 64, 2048}) {
            const Listed<T> lists(x, block);
            for (const Lists<T>& view : lists.views()) {
                const Matrix<T> scattered(x.columns, shape.units);
                for (std::size_t part = 0; part < lists.parts; ++part)
                    kernels.scatter(view, part, part * block, x.rows, delta.get(), shape.units,
                                    scattered.row(part * block), scattered.stride);
                CHECK(same(sums, scattered));
                const Matrix<T> of_spread(x.columns, shape.units, 5);
                Spread<T> spread(block, x.rows);
                for (std::size_t first = 0; first < x.columns; first += block) {
                    const Range inputs{first, std::min(block, x.columns - first)};
                    Factors<T> factors = transposed(x, delta);
                    factors.rows = inputs.count;
                    std::size_t done = 0;  // the first half of the rows, then the rest
                    for (const std::size_t end : {x.rows / 2, x.rows}) {
                        Lists<T> rows = view;
                        rows.bounds += done * rows.step;
                        factors.depth = end - done, factors.b = delta.row(done);
                        spread.fill(rows, first / block, inputs, factors.depth), spread.describe(factors);
                        kernels.accumulate(factors, of_spread.row(first), of_spread.stride, done == 0);
                        done = end;
                    }
                }
                CHECK(same(sums, of_spread));
            }
        }
        return sums;
    });
}

// An embedding is a layer whose weights are mostly fixed: the bits are those of all of them.
template <class T>
void check_embedding(std::size_t dimensions, bool thinned) {
    const std::vector<Embedding::Column> columns = {{0, 9}, {12, 40}, {70, 1}, {71, 8}};
    const Embedding embedding = Embedding::of(90, columns, dimensions);
    const std::size_t rows = 20, units = 90 - 58 + 4 * dimensions;
    Matrix<T> x(rows, 90, 1);
    if (thinned) x = std::move(x).thinned(2);
    const Matrix<T> learned(58, dimensions, 3), W(90, units), bias(1, units), delta(rows, units, 5);
    for (std::size_t input = 0; input < 90; ++input)
        if (const auto [unit, row] = embedding.places[input]; row == Embedding::none)
            W.at(input, unit) = 1;
        else
            std::copy_n(learned.row(row), dimensions, W.row(input) + unit);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        const Matrix<T> wanted = layer(kernels, of(x, W), bias), of_all(90, units);
        kernels.accumulate(transposed(x, delta), of_all.get(), of_all.stride, true);
        for (const std::size_t block : {8, 64, 128}) {
            const Listed<T> lists(x, block);
            Embedded<T> given{embedding, lists.view(), units, wanted.stride, learned.get(), learned.stride};
            const Matrix<T> a(rows, units, 7), slope(rows, units), whole(rows, units);
            kernels.embed(given, rows, a.get(), slope.get());
            CHECK(same(a, wanted));
            slope.each([](std::size_t, std::size_t, T one) { CHECK(one == 1); });
            given.W = W.get(), given.stride = W.stride, given.whole = true;
            kernels.embed(given, rows, whole.get(), nullptr);
            CHECK(same(whole, wanted));
            Matrix<T> sums(58, dimensions);
            for (std::size_t part = 0; part < lists.parts; ++part)
                kernels.scatter_embedded(given, part, 0, rows, delta.get(), sums.get(), sums.stride);
            for (std::size_t input = 0; input < 90; ++input)
                if (const auto [unit, row] = embedding.places[input]; row != Embedding::none)
                    CHECK(std::equal(sums.row(row), sums.row(row) + dimensions, of_all.row(input) + unit));
        }
        return layer(kernels, of(x, W), bias);
    });
}

template <class T>
void check_sums(std::size_t rows, std::size_t units) {
    const Matrix<T> values(rows, units, 7), room(1, units);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> sums(2, units, 8);
        Plain squares;
        std::vector<Plain> fresh(units), added(units);
        for (std::size_t unit = 0; unit < units; ++unit) added[unit].add(sums.at(1, unit));
        values.each([&](std::size_t, std::size_t unit, T value) {
            squares.add(value, value), fresh[unit].add(value), added[unit].add(value);
        });
        kernels.column_sums(values.get(), rows, units, values.stride, sums.row(0), true);
        kernels.column_sums(values.get(), rows, units, values.stride, sums.row(1), false);
        for (std::size_t unit = 0; unit < units; ++unit)
            fresh[unit].check(sums.at(0, unit)), added[unit].check(sums.at(1, unit));
        squares.check(static_cast<T>(kernels.sum_of_squares(values.get(), rows, units, values.stride, room.get())));
        return sums;
    });
}

// Columns that are longer than the limit get its length, the others stay as they are.
template <class T>
void check_limits(std::size_t rows, std::size_t units) {
    const Matrix<T> values(rows, units, 9);
    const auto norm = [](const Matrix<T>& of, std::size_t unit) {
        double squares = 0;
        for (std::size_t row = 0; row < of.rows; ++row) squares += std::pow(static_cast<double>(of.at(row, unit)), 2);
        return std::sqrt(squares);
    };
    const T limit = static_cast<T>(norm(values, units / 2));
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> limited(rows, units, 9);
        kernels.limit_columns(limited.get(), rows, units, limited.stride, limit);
        const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon()),
                     error = static_cast<double>(rows + 4) * epsilon;
        limited.each([&](std::size_t row, std::size_t unit, T got) {
            const double scale = std::min(1.0, static_cast<double>(limit) / norm(values, unit));
            check_close(static_cast<double>(got), static_cast<double>(values.at(row, unit)) * scale, error, "limited");
            if (scale == 1 && unit != units / 2) CHECK(got == values.at(row, unit));
        });
        return limited;
    });
}

template <class T>
void check_all() {
    for (const Shape& shape : shapes) {
        check_layer<T>(shape, Matrix<T>(shape.rows, shape.depth, 1));
        check_layer<T>(shape, Matrix<T>(shape.rows, shape.depth, 1).thinned(2));
        check_back<T>(shape);
        check_slopes<T>(shape, Matrix<T>(shape.rows, shape.depth, 1));
        check_slopes<T>(shape, Matrix<T>(shape.rows, shape.depth, 1).thinned(2));
        check_sums<T>(shape.depth, shape.units);
        check_limits<T>(shape.depth, shape.units);
    }
    for (std::size_t kind = 0; kind < activation_names.size(); ++kind)
        for (const std::size_t units : {1, 19, 40}) check_finish<T>(static_cast<Activation>(kind), units);
    for (const std::size_t dimensions : {1, 3, 8, 21, 32})
        for (const bool thinned : {false, true}) check_embedding<T>(dimensions, thinned);
}

}  // namespace

int main() {
    check_all<float>();
    check_all<double>();
    return 0;
}
