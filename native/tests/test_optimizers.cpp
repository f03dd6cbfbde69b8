// Every optimizer's step at every level against its paper's formula, and the step that is made along with the slopes.
#include "matrix.hpp"

using namespace limpid;

namespace {

struct Moved {
    double w, first = 0, second = 0;
};

double root_of(const Optimizer& o, double second, double correction) {
    if (o.epsilon_before_correction && o.kind != OptimizerKind::nadam)
        return (std::sqrt(second) + o.epsilon) / correction;
    return std::sqrt(second) / correction + o.epsilon;
}

// The formulas of optimizers.py; `g` holds the penalty's slope already.
Moved moved(const Optimizer& o, Moved at, double g, double rate, int step, bool decays) {
    const double correction = std::sqrt(1 - std::pow(o.beta_2, step)), unbiased = 1 - std::pow(o.beta_1, step);
    const double shrunk = decays ? (1 - rate * o.weight_decay) * at.w : at.w;
    const double velocity = o.momentum * at.first - rate * g, mean = o.beta_1 * at.first + (1 - o.beta_1) * g;
    const double square = o.beta_2 * at.second + (1 - o.beta_2) * g * g;
    switch (o.kind) {
        case OptimizerKind::gradient_descent:
            return {at.w - rate * g};
        case OptimizerKind::momentum:
            return {at.w + velocity, velocity};
        case OptimizerKind::nesterov:
            return {at.w + o.momentum * velocity - rate * g, velocity};
        case OptimizerKind::rmsprop: {
            const double mean_square = o.decay * at.first + (1 - o.decay) * g * g;
            return {at.w - rate * g / (std::sqrt(mean_square) + o.epsilon), mean_square};
        }
        case OptimizerKind::lion:
            return {shrunk - (mean > 0 ? rate : -rate), o.beta_2 * at.first + (1 - o.beta_2) * g};
        case OptimizerKind::nadam: {
            const double ahead = o.beta_1 / (1 - std::pow(o.beta_1, step + 1)) * mean + (1 - o.beta_1) / unbiased * g;
            return {at.w - rate * ahead / root_of(o, square, correction), mean, square};
        }
        default:
            return {shrunk - rate * mean / unbiased / root_of(o, square, correction), mean, square};
    }
}

// Parameters and what an optimizer remembers of them, always the same at first.
template <class T>
struct Start {
    Matrix<T> w, first, second;

    Start(std::size_t rows, std::size_t columns)
        : w(rows, columns, 3), first(rows, columns, 4), second(rows, columns, 5) {
        for (const Matrix<T>* each : {&first, &second})
            each->each([](std::size_t, std::size_t, T& number) { number = std::abs(number) + T(0.1); });
    }
    Movable<T> movable() const { return {w.get(), first.get(), second.get(), w.stride}; }
};

Optimizer optimizer_of(OptimizerKind kind, bool before) {
    return {kind, 0.9, 0.8, 0.7, 0.99, 1e-3, kind == OptimizerKind::adam ? 0.0 : 0.1, before};
}

template <class T>
void check_step(const Optimizer& optimizer, int step, bool decays) {
    const double rate = 0.1, l2 = 0.02, scale = 0.5;
    const Matrix<T> g(3, 21, 1);
    const StepNumbers<T> weights = step_numbers<T>(optimizer, rate, static_cast<std::uint64_t>(step), l2);
    const StepNumbers<T> numbers = decays ? weights : of_biases(weights);
    at_each_level<T>([&](const Kernels<T>& kernels) {
        const Start<T> before(3, 21);
        Start<T> after(3, 21);
        kernels.step(numbers, after.movable(), g.get(), T(scale), 3, 21);
        g.each([&](std::size_t row, std::size_t column, T slope) {
            const auto at = [&](const Start<T>& state) {
                return Moved{static_cast<double>(state.w.at(row, column)),
                             static_cast<double>(state.first.at(row, column)),
                             static_cast<double>(state.second.at(row, column))};
            };
            const Moved from = at(before), got = at(after);
            const double penalized = scale * static_cast<double>(slope) + (decays ? l2 * from.w : 0);
            const Moved wanted = moved(optimizer, from, penalized, rate, step, decays);
            const double allowed = sizeof(T) == 4 ? 1e-5 : 1e-14;
            check_close(got.w, wanted.w, allowed, "w");
            check_close(got.first, optimizer.slots() > 0 ? wanted.first : from.first, allowed, "first");
            check_close(got.second, optimizer.slots() > 1 ? wanted.second : from.second, allowed, "second");
        });
        return std::move(after.w);
    });
}

// A step along slopes that are made with it, from the sums of some rows before or from none; against sums, then a step.
template <class T>
void check_descend(OptimizerKind kind, std::size_t rows, std::size_t inputs, std::size_t units) {
    const Matrix<T> x(rows, inputs, 1), delta(rows, units, 2);
    const StepNumbers<T> numbers = step_numbers<T>(optimizer_of(kind, false), 0.1, 3, 0.01);
    const auto slope_of = [&](std::size_t from, std::size_t count) {
        return Factors<T>{x.row(from), delta.row(from), x.stride, delta.stride, inputs, units, count};
    };
    at_each_level<T>([&](const Kernels<T>& kernels) {
        const Matrix<T> sums(inputs, units), some(inputs, units);
        kernels.accumulate(slope_of(0, rows), sums.get(), sums.stride, true);
        kernels.accumulate(slope_of(0, rows / 2), some.get(), some.stride, true);
        Start<T> apart(inputs, units), together(inputs, units), in_two(inputs, units);
        kernels.step(numbers, apart.movable(), sums.get(), T(1), inputs, units);
        kernels.descend(slope_of(0, rows), nullptr, numbers, together.movable());
        kernels.descend(slope_of(rows / 2, rows - rows / 2), some.get(), numbers, in_two.movable());
        for (const Start<T>* each : {&together, &in_two})
            CHECK(same(apart.w, each->w) && same(apart.first, each->first) && same(apart.second, each->second));
        return std::move(apart.w);
    });
}

template <class T>
void check_all() {
    for (std::size_t number = 0; number < optimizer_names.size(); ++number) {
        const auto kind = static_cast<OptimizerKind>(number);
        for (const int step : {1, 2, 1000})
            for (const bool flag : {false, true}) {
                check_step<T>(optimizer_of(kind, false), step, flag);
                if (kind == OptimizerKind::adam) check_step<T>(optimizer_of(kind, true), step, flag);
            }
        for (const std::size_t units : {1, 8, 19, 70}) check_descend<T>(kind, 9, 13, units);
        check_descend<T>(kind, 4, part_depth + 5, 3);
    }
}

}  // namespace

int main() {
    check_all<float>();
    check_all<double>();
    return 0;
}
