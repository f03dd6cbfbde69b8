// The output layer at every level: outputs, costs and blame of each row, whatever rows stand beside it.
#include "matrix.hpp"

using namespace limpid;

namespace {

// Of 19 outputs: the sizes of groups of them, and levels for each.
const std::vector<std::size_t> sizes = {2, 9, 3, 5};
const std::vector<double> levels = {0.5, 0.1, 0.9,  0.2, 0.3, 0.7, 0.6,  0.4, 0.8, 0.05,
                                    0.5, 0.1, 0.95, 0.2, 0.3, 0.7, 0.65, 0.4, 0.8};

struct Task {
    Activation output;
    Cost cost;
    bool grouped = false;

    Groups groups() const { return grouped ? Groups{sizes.data(), sizes.size()} : Groups{}; }
};

// Every cost with outputs that it is defined for, and the pairs whose blame is a - y.
const std::vector<Task> tasks = {{Activation::identity, {CostKind::squared_error}},
                                 {Activation::sigmoid, {CostKind::squared_error}},
                                 {Activation::softmax, {CostKind::squared_error}},
                                 {Activation::tanh, {CostKind::absolute_error}},
                                 {Activation::softmax, {CostKind::huber, {0.7}}},
                                 {Activation::gelu, {CostKind::huber, {0.7}}},
                                 {Activation::identity, {CostKind::quantile, {0.3}}},
                                 {Activation::exp, {CostKind::poisson}},
                                 {Activation::softplus, {CostKind::poisson}},
                                 {Activation::softmax, {CostKind::poisson}},
                                 {Activation::softmax, {CostKind::cross_entropy}},
                                 {Activation::sigmoid, {CostKind::binary_cross_entropy}},
                                 {Activation::softmax, {CostKind::binary_cross_entropy}}};

const std::vector<Task> of_19_outputs = {{Activation::softmax, {CostKind::cross_entropy}, true},
                                         {Activation::softmax, {CostKind::squared_error}, true},
                                         {Activation::softmax, {CostKind::binary_cross_entropy}, true},
                                         {Activation::softmax, {CostKind::quantile, levels}, true},
                                         {Activation::identity, {CostKind::quantile, levels}}};

double xlogy(double x, double y) { return x == 0 ? 0 : x * std::log(y); }

// A cost's share of one output, in the C library's arithmetic.
double term(const Cost& cost, std::size_t output, double a, double y) {
    const double error = a - y, size = std::abs(error),
                 number = cost.numbers.empty() ? 0 : cost.numbers[output % cost.numbers.size()];
    switch (cost.kind) {
        case CostKind::squared_error:
            return error * error / 2;
        case CostKind::absolute_error:
            return size;
        case CostKind::huber:
            return size < number ? error * error / 2 : number * (size - number / 2);
        case CostKind::quantile:
            return error > 0 ? (1 - number) * error : -number * error;
        case CostKind::poisson:
            return xlogy(y, y / a) + a - y;
        case CostKind::cross_entropy:
            return -xlogy(y, a);
        case CostKind::binary_cross_entropy:
            return -xlogy(y, a) - xlogy(1 - y, 1 - a);
    }
    return 0;
}

template <class T>
struct Rows {
    Matrix<T> z, y, shares;

    Rows(std::size_t rows, std::size_t units) : z(rows, units, 1), y(rows, units, 2), shares(1, rows, 3) {
        y.each([&](std::size_t, std::size_t, T& number) {
            number = std::min(std::abs(number), T(1));
            if (number < T(0.2)) number = 0;
        });
        shares.each([](std::size_t, std::size_t, T& share) { share = std::abs(share); });
    }
    Answers<T> answers(const Task& task, std::size_t first, std::size_t count) const {
        return {z.row(first),
                y.row(first),
                shares.get() + first,
                z.stride,
                count,
                z.columns,
                task.output,
                task.cost.view(),
                matches(task.output, task.cost.kind),
                task.groups()};
    }
};

// The blame of every output, and in one more column each row's cost.
template <class T>
Matrix<T> measured(const Kernels<T>& kernels, const Task& task, const Rows<T>& rows, std::size_t first,
                   std::size_t count) {
    const std::size_t units = rows.z.columns;
    Matrix<T> delta(count, units), costs(1, count), made(count, units + 1), room(1, output_room<T>(units));
    std::fill_n(room.get(), room.columns, std::numeric_limits<T>::quiet_NaN());  // nothing there may matter
    std::fill_n(costs.get(), costs.stride, T(-1));
    kernels.output_cost(rows.answers(task, first, count), delta.get(), costs.get(), room.get());
    delta.each([&](std::size_t row, std::size_t unit, T blame) { made.at(row, unit) = blame; });
    for (std::size_t behind = count; behind < costs.stride; ++behind) CHECK(costs.get()[behind] == -1);
    for (std::size_t row = 0; row < count; ++row) {
        made.at(row, units) = costs.at(0, row);
        for (std::size_t filled = units; filled % (16 / sizeof(T)); ++filled) CHECK(delta.row(row)[filled] == 0);
    }
    return made;
}

// Costs by the formula, and blame by how they change with z.
void check_blame(const Kernels<double>& kernels, const Task& task, const Rows<double>& rows) {
    const std::size_t count = rows.z.rows, units = rows.z.columns;
    const Matrix<double> made = measured(kernels, task, rows, 0, count), a(count, units),
                         room(1, output_room<double>(units));
    rows.z.each([&](std::size_t row, std::size_t unit, double z) { a.at(row, unit) = z; });
    kernels.activate(task.output, task.groups(), a.get(), count, units, a.stride, room.get());
    for (std::size_t row = 0; row < count; ++row) {
        double cost = 0;
        for (std::size_t unit = 0; unit < units; ++unit)
            cost += term(task.cost, unit, a.at(row, unit), rows.y.at(row, unit));
        check_close(made.at(row, units), rows.shares.at(0, row) * cost, 1e-12, "cost");
    }
    rows.z.each([&](std::size_t row, std::size_t unit, double& z) {
        const double before = z, step = 1e-5;
        z = before + step;
        const double above = measured(kernels, task, rows, row, 1).at(0, units);
        z = before - step;
        const double below = measured(kernels, task, rows, row, 1).at(0, units);
        z = before;
        check_close(made.at(row, unit), (above - below) / (2 * step), 1e-6, "blame");
    });
}

template <class T>
void check_task(const Task& task, std::size_t count, std::size_t units) {
    const Rows<T> rows(count, units);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> made = measured(kernels, task, rows, 0, count);
        if constexpr (sizeof(T) == 8) check_blame(kernels, task, rows);
        for (std::size_t row = 0; row < count; row += 3)
            measured(kernels, task, rows, row, 1).each([&](std::size_t, std::size_t column, T number) {
                CHECK(number == made.at(row, column));
            });
        return made;
    });
}

// Single precision against double.
void check_single(const Task& task, std::size_t count, std::size_t units) {
    const Rows<float> singles(count, units);
    const Rows<double> doubles(count, units);
    const auto copy = [](const Matrix<float>& from, const Matrix<double>& to) {
        from.each([&](std::size_t row, std::size_t column, float number) { to.at(row, column) = number; });
    };
    copy(singles.z, doubles.z), copy(singles.y, doubles.y), copy(singles.shares, doubles.shares);
    for (const SimdLevel level : levels_here()) {
        const Matrix<double> wanted = measured(kernels_for<double>(level), task, doubles, 0, count);
        measured(kernels_for<float>(level), task, singles, 0, count)
            .each([&](std::size_t row, std::size_t column, float number) {
                check_close(number, wanted.at(row, column), 3e-5, "single precision");
            });
    }
}

template <class T>
void check_softmax(std::size_t count, std::size_t units) {
    const Matrix<T> z(count, units, 1), room(1, output_room<T>(units));
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> a(count, units, 1);
        kernels.activate(Activation::softmax, {}, a.get(), count, units, a.stride, room.get());
        for (std::size_t row = 0; row < count; ++row) {
            double sum = 0;
            for (std::size_t unit = 0; unit < units; ++unit) sum += std::exp(static_cast<double>(z.at(row, unit)));
            for (std::size_t unit = 0; unit < units; ++unit)
                check_close(static_cast<double>(a.at(row, unit)), std::exp(static_cast<double>(z.at(row, unit))) / sum,
                            8 * static_cast<double>(std::numeric_limits<T>::epsilon()), "softmax");
        }
        return a;
    });
}

// Each group of outputs is a softmax of its own, to the bit.
template <class T>
void check_groups(std::size_t count) {
    const Matrix<T> room(1, output_room<T>(19));
    at_each_level<T>([&](const Kernels<T>& kernels) {
        Matrix<T> a(count, 19, 1);
        kernels.activate(Activation::softmax, {sizes.data(), sizes.size()}, a.get(), count, 19, a.stride, room.get());
        const Matrix<T> z(count, 19, 1);
        std::size_t first = 0;
        for (const std::size_t size : sizes) {
            const Matrix<T> alone(count, size);
            alone.each([&](std::size_t row, std::size_t unit, T& number) { number = z.at(row, first + unit); });
            kernels.activate(Activation::softmax, {}, alone.get(), count, size, alone.stride, room.get());
            alone.each([&](std::size_t row, std::size_t unit, T number) { CHECK(number == a.at(row, first + unit)); });
            first += size;
        }
        return a;
    });
}

// Sums of very different size, as a network makes them that has gone astray.
void check_extremes() {
    const Task task{Activation::softmax, {CostKind::cross_entropy}};
    Rows<float> rows(1, 3);
    for (std::size_t unit = 0; unit < 3; ++unit)
        rows.z.at(0, unit) = unit == 1 ? 3e30f : -3e30f, rows.y.at(0, unit) = unit == 1;
    rows.shares.at(0, 0) = 1;
    for (const SimdLevel level : levels_here())
        measured(kernels_for<float>(level), task, rows, 0, 1).each([](std::size_t, std::size_t, float number) {
            CHECK(number == 0);
        });
}

}  // namespace

int main() {
    for (const Task& task : tasks)
        for (const std::size_t units : {1, 2, 5, 8, 19}) {
            if (task.output == Activation::softmax && units == 1) continue;  // always sure
            const std::size_t rows = units == 5 ? 35 : 7;
            check_task<float>(task, rows, units);
            check_task<double>(task, rows, units);
            check_single(task, rows, units);
        }
    for (const std::size_t rows : {1, 3, 16, 17, 33})
        for (const std::size_t units : {1, 7, 16, 33, 70, 200})
            check_softmax<float>(rows, units), check_softmax<double>(rows, units);
    for (const std::size_t rows : {1, 7, 35}) {
        check_groups<float>(rows), check_groups<double>(rows);
        for (const Task& task : of_19_outputs)
            check_task<float>(task, rows, 19), check_task<double>(task, rows, 19), check_single(task, rows, 19);
    }
    check_extremes();
    return 0;
}
