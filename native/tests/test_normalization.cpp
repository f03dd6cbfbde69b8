// Normalisation at every level: rows and columns by plain loops, the way back by differences, whatever stands beside.
#include "matrix.hpp"

using namespace limpid;

namespace {

// Numbers around `middle`, each row's weight in a batch, and what rescales.
template <class T>
struct Sums {
    Matrix<T> sums, shares, gamma, beta, room;

    Sums(std::size_t rows, std::size_t units, double middle)
        : sums(rows, units, 1),
          shares(1, rows, 2),
          gamma(1, units, 3),
          beta(1, units, 4),
          room(1, output_room<T>(units)) {
        sums.each([&](std::size_t, std::size_t, T& number) { number += static_cast<T>(middle); });
        T total = 0;
        shares.each([&](std::size_t, std::size_t, T& share) { total += share = std::abs(share) + T(0.1); });
        shares.each([&](std::size_t, std::size_t, T& share) { share /= total; });
        std::fill_n(room.get(), room.columns, std::numeric_limits<T>::quiet_NaN());  // nothing there may matter
    }
};

struct Moments {
    long double mean, scale;
};

// Of numbers by their weights.
Moments moments_of(const std::vector<long double>& numbers, const std::vector<long double>& weights) {
    long double mean = 0, variance = 0;
    for (std::size_t at = 0; at < numbers.size(); ++at) mean += weights[at] * numbers[at];
    for (std::size_t at = 0; at < numbers.size(); ++at)
        variance += weights[at] * (numbers[at] - mean) * (numbers[at] - mean);
    return {mean, 1 / std::sqrt(variance + 1e-5L)};
}

template <class T>
constexpr double allowed = sizeof(T) == 4 ? 2e-5 : 1e-13;

template <class T>
void check_rows(std::size_t rows, std::size_t units) {
    const Sums<T> given(rows, units, 2);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> normal(rows, units);
        const Matrix<T> scales(1, rows + 1), alone(1, units);
        scales.at(0, rows) = T(-1);
        kernels.normalize_rows(given.sums.get(), rows, units, normal.stride, normal.get(), scales.get(),
                               given.room.get());
        CHECK(scales.at(0, rows) == -1);
        for (std::size_t row = 0; row < rows; ++row) {
            const std::vector<long double> numbers(given.sums.row(row), given.sums.row(row) + units);
            const Moments found = moments_of(numbers, std::vector<long double>(units, 1.0L / units));
            check_close(static_cast<double>(scales.at(0, row)), static_cast<double>(found.scale),
                        allowed<T> * static_cast<double>(found.scale), "scale");
            for (std::size_t unit = 0; unit < units; ++unit)
                check_close(static_cast<double>(normal.at(row, unit)),
                            static_cast<double>((numbers[unit] - found.mean) * found.scale), 10 * allowed<T>, "row");
            kernels.normalize_rows(given.sums.row(row), 1, units, normal.stride, alone.get(), nullptr,
                                   given.room.get());
            for (std::size_t unit = 0; unit < units; ++unit) CHECK(alone.at(0, unit) == normal.at(row, unit));
        }
        const Matrix<T> in_place(rows, units);
        given.sums.each([&](std::size_t row, std::size_t unit, T sum) { in_place.at(row, unit) = sum; });
        kernels.normalize_rows(in_place.get(), rows, units, normal.stride, in_place.get(), nullptr, given.room.get());
        CHECK(same(in_place, normal));
        return normal;
    });
}

template <class T>
void check_columns(std::size_t rows, std::size_t units) {
    const Sums<T> given(rows, units, 2);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> normal(rows, units);
        const Matrix<T> mean(1, units), variance(1, units);
        kernels.column_moments(given.sums.get(), given.shares.get(), rows, units, normal.stride, mean.get(),
                               variance.get());
        kernels.normalize_columns(given.sums.get(), mean.get(), variance.get(), rows, units, normal.stride,
                                  normal.get());
        for (std::size_t unit = 0; unit < units; ++unit) {
            std::vector<long double> numbers, weights;
            for (std::size_t row = 0; row < rows; ++row)
                numbers.push_back(given.sums.at(row, unit)), weights.push_back(given.shares.at(0, row));
            const Moments found = moments_of(numbers, weights);
            check_close(static_cast<double>(mean.at(0, unit)), static_cast<double>(found.mean), 10 * allowed<T>,
                        "mean");
            for (std::size_t row = 0; row < rows; ++row)
                check_close(static_cast<double>(normal.at(row, unit)),
                            static_cast<double>((numbers[row] - found.mean) * found.scale),
                            rows == 1 ? 1e-3 : 100 * allowed<T>, "column");
        }
        return normal;
    });
}

// What is rescaled and activated, in place or not, is f of normal gamma + beta.
template <class T>
void check_rescaling(Activation activation, std::size_t rows, std::size_t units) {
    const Sums<T> given(rows, units, 0);
    const Matrix<T> mask(rows, units, 5);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> a(rows, units);
        const Matrix<T> z(rows, units), slope(rows, units), masked(rows, units), masked_slope(rows, units),
            in_place(rows, units, 1);
        const auto rescale = [&](Activation kind, const Matrix<T>& from, const Matrix<T>& to, T* slopes, T* by) {
            kernels.rescale(kind, from.get(), given.gamma.get(), given.beta.get(), rows, units, from.stride, to.get(),
                            slopes, by);
        };
        rescale(Activation::identity, given.sums, z, nullptr, nullptr);
        rescale(activation, given.sums, a, slope.get(), nullptr);
        rescale(activation, given.sums, masked, masked_slope.get(), mask.get());
        rescale(activation, in_place, in_place, nullptr, nullptr);
        CHECK(same(in_place, a));
        z.each([&](std::size_t row, std::size_t unit, T got) {
            Plain plain;
            plain.add(given.beta.at(0, unit)), plain.add(given.sums.at(row, unit), given.gamma.at(0, unit));
            plain.check(got);
            CHECK(masked.at(row, unit) == a.at(row, unit) * mask.at(row, unit));
            CHECK(masked_slope.at(row, unit) == slope.at(row, unit) * mask.at(row, unit));
        });
        kernels.activate(activation, {}, z.get(), rows, units, z.stride, given.room.get());
        CHECK(same(z, a));
        return a;
    });
}

// The blame for sums by how sum(blame (normal gamma)) changes with each of them.
void check_back(const Kernels<double>& kernels, std::size_t rows, std::size_t units, Normalization kind, bool running) {
    const Sums<double> given(rows, units, 1);
    const Matrix<double> blame(rows, units, 6), normal(rows, units), scales(1, rows), mean(1, units, 7),
        variance(1, units, 8), sums(1, units), products(1, units), delta(rows, units);
    variance.each([](std::size_t, std::size_t, double& number) { number = std::abs(number) + 0.1; });
    const auto forward = [&] {
        if (kind == Normalization::layer)
            kernels.normalize_rows(given.sums.get(), rows, units, normal.stride, normal.get(), scales.get(),
                                   given.room.get());
        else {
            if (!running)
                kernels.column_moments(given.sums.get(), given.shares.get(), rows, units, normal.stride, mean.get(),
                                       variance.get());
            kernels.normalize_columns(given.sums.get(), mean.get(), variance.get(), rows, units, normal.stride,
                                      normal.get());
        }
        double sum = 0;
        normal.each([&](std::size_t row, std::size_t unit, double number) {
            sum += blame.at(row, unit) * given.gamma.at(0, unit) * number;
        });
        return sum;
    };
    forward();
    const Normalized<double> from{blame.get(), normal.get(), given.gamma.get(), rows, units, normal.stride};
    kernels.column_sums(blame.get(), rows, units, blame.stride, sums.get(), true);
    kernels.column_products(blame.get(), normal.get(), rows, units, blame.stride, products.get(), true);
    if (kind == Normalization::layer)
        kernels.back_through_rows(from, scales.get(), delta.get(), given.room.get());
    else
        kernels.back_through_columns(from, variance.get(), running ? nullptr : given.shares.get(), sums.get(),
                                     products.get(), delta.get());
    given.sums.each([&](std::size_t row, std::size_t unit, double& number) {
        const double before = number, step = 1e-6;
        number = before + step;
        const double above = forward();
        number = before - step;
        const double below = forward();
        number = before;
        check_close(delta.at(row, unit), (above - below) / (2 * step), 1e-6, "blame");
    });
}

// The same bits at each level, for each row alone where a row is normalised by itself, and in any columns.
template <class T>
void check_back_bits(std::size_t rows, std::size_t units) {
    const Sums<T> given(rows, units, 0);
    const Matrix<T> blame(rows, units, 6), scales(1, rows, 7), variance(1, units, 8), sums(1, units, 9),
        products(1, units, 10);
    variance.each([](std::size_t, std::size_t, T& number) { number = std::abs(number); });
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> made(2 * rows, units);
        const Matrix<T> alone(1, units);
        const Normalized<T> from{blame.get(), given.sums.get(), given.gamma.get(), rows, units, blame.stride};
        kernels.back_through_rows(from, scales.get(), made.get(), given.room.get());
        kernels.back_through_columns(from, variance.get(), given.shares.get(), sums.get(), products.get(),
                                     made.row(rows));
        for (std::size_t row = 0; row < rows; ++row) {
            const Normalized<T> one{blame.row(row), given.sums.row(row), given.gamma.get(), 1, units, blame.stride};
            kernels.back_through_rows(one, scales.get() + row, alone.get(), given.room.get());
            for (std::size_t unit = 0; unit < units; ++unit) CHECK(alone.at(0, unit) == made.at(row, unit));
            kernels.back_through_columns(one, variance.get(), given.shares.get() + row, sums.get(), products.get(),
                                         alone.get());
            for (std::size_t unit = 0; unit < units; ++unit) CHECK(alone.at(0, unit) == made.at(rows + row, unit));
        }
        return made;
    });
}

template <class T>
void check_products(std::size_t rows, std::size_t units) {
    const Matrix<T> one(rows, units, 1), other(rows, units, 2);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> sums(2, units, 3);
        for (const bool fresh : {true, false}) {
            std::vector<Plain> wanted(units);
            T* const to = sums.row(fresh ? 0 : 1);
            for (std::size_t unit = 0; unit < units; ++unit) wanted[unit].add(fresh ? T(0) : to[unit]);
            one.each(
                [&](std::size_t row, std::size_t unit, T number) { wanted[unit].add(number, other.at(row, unit)); });
            kernels.column_products(one.get(), other.get(), rows, units, one.stride, to, fresh);
            for (std::size_t unit = 0; unit < units; ++unit) wanted[unit].check(to[unit]);
        }
        return sums;
    });
}

template <class T>
void check_all() {
    for (const std::size_t rows : {1, 3, 16, 35})
        for (const std::size_t units : {1, 2, 7, 16, 33, 70}) {
            check_rows<T>(rows, units);
            check_columns<T>(rows, units);
            check_back_bits<T>(rows, units);
            check_products<T>(rows, units);
        }
    for (std::size_t kind = 0; kind + 1 < activation_names.size(); ++kind)
        for (const std::size_t units : {1, 19, 40}) check_rescaling<T>(static_cast<Activation>(kind), 7, units);
}

}  // namespace

int main() {
    check_all<float>();
    check_all<double>();
    for (const SimdLevel level : levels_here())
        for (const std::size_t units : {2, 9, 17})
            for (const Normalization kind : {Normalization::batch, Normalization::layer})
                for (const bool running : {false, true})
                    check_back(kernels_for<double>(level), 11, units, kind, running);
    return 0;
}
