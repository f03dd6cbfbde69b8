// Whole networks at every level: slopes against central differences, bits that no cut and no batch changes, learning.
#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include "check.hpp"
#include "core/passes.hpp"
#include "core/train.hpp"

using namespace limpid;

static Network network(Activation hidden, Activation output, Cost cost,
                       std::vector<std::size_t> widths = {3, 5, 4, 3}) {
    Network made{{}, cost};
    for (std::size_t at = 0; at + 1 < widths.size(); ++at)
        made.layers.push_back({widths[at], widths[at + 1], at + 2 == widths.size() ? output : hidden});
    return made;
}

template <class T>
struct Lesson {
    Network net;
    std::vector<T> X, Y, weights;
    std::size_t rows;
    Arrays<T> start;

    Lesson(Network given, std::size_t count) : net(std::move(given)), rows(count), start(net) {
        std::mt19937 random(5);
        std::normal_distribution<T> normal;
        std::uniform_real_distribution<T> uniform(T(0.1), T(1));
        for (std::size_t at = 0; at < rows * net.inputs(); ++at) X.push_back(normal(random));
        for (std::size_t at = 0; at < rows * net.outputs(); ++at) Y.push_back(uniform(random));
        for (std::size_t at = 0; at < rows; ++at) weights.push_back(uniform(random));
        for (auto& layer : start.layers) {
            for (std::size_t input = 0; input < layer.inputs; ++input)
                for (std::size_t unit = 0; unit < layer.units; ++unit)
                    layer.W.get()[input * layer.stride + unit] =
                        normal(random) / std::sqrt(static_cast<T>(layer.inputs));
            for (std::size_t unit = 0; unit < layer.units; ++unit) layer.b.get()[unit] = normal(random);
        }
    }
    Examples<T> examples(bool weighted) const {
        return {X.data(), Y.data(), weighted ? weights.data() : nullptr, rows};
    }
};

// A copy of the start, with nothing remembered yet.
template <class T>
static State<T> start_of(const Lesson<T>& lesson, const Optimizer& optimizer) {
    State<T> made{Arrays<T>(lesson.net), {}, 0};
    for (std::size_t at = 0; at < lesson.start.layers.size(); ++at) {
        const auto& layer = lesson.start.layers[at];
        std::copy_n(layer.W.get(), layer.inputs * layer.stride, made.parameters.layers[at].W.get());
        std::copy_n(layer.b.get(), layer.stride, made.parameters.layers[at].b.get());
    }
    for (std::size_t slot = 0; slot < optimizer.slots(); ++slot) made.slots.emplace_back(lesson.net);
    return made;
}

template <class T>
static std::vector<T> flat(const Arrays<T>& arrays) {
    std::vector<T> made;
    for (const auto& layer : arrays.layers) {
        std::vector<T> W(layer.inputs * layer.units), b(layer.units);
        layer.write(W.data(), b.data());
        made.insert(made.end(), W.begin(), W.end());
        made.insert(made.end(), b.begin(), b.end());
    }
    return made;
}

struct Found {
    double cost;
    Arrays<double> slopes;
    std::vector<std::vector<double>> deltas;
};

static Found slopes_of(const Lesson<double>& lesson, const Arrays<double>& at, SimdLevel level) {
    Found found{0, Arrays<double>(lesson.net), {}};
    std::vector<double*> places;
    for (const Layer& layer : lesson.net.layers) found.deltas.emplace_back(lesson.rows * layer.units);
    for (auto& deltas : found.deltas) places.push_back(deltas.data());
    const BatchCost cost = gradients(lesson.net, at, lesson.examples(true), 0.3, level, places, found.slopes);
    found.cost = cost.cost + cost.penalty;
    return found;
}

static void check_slopes(const Network& net, SimdLevel level) {
    Lesson<double> lesson(net, 7);
    const Found found = slopes_of(lesson, lesson.start, level);
    for (std::size_t at = 0; at < net.layers.size(); ++at) {
        auto& layer = lesson.start.layers[at];
        const auto check = [&](double& parameter, double slope) {
            const double before = parameter, step = 1e-6;
            parameter = before + step;
            const double above = slopes_of(lesson, lesson.start, level).cost;
            parameter = before - step;
            const double below = slopes_of(lesson, lesson.start, level).cost;
            parameter = before;
            check_close(slope, (above - below) / (2 * step), 1e-6, "slope");
        };
        for (std::size_t input = 0; input < layer.inputs; ++input)
            check(layer.W.get()[input * layer.stride], found.slopes.layers[at].W.get()[input * layer.stride]);
        check(layer.b.get()[layer.units - 1], found.slopes.layers[at].b.get()[layer.units - 1]);
        double sum = 0;
        for (std::size_t row = 0; row < lesson.rows; ++row) sum += found.deltas[at][row * layer.units];
        check_close(sum, found.slopes.layers[at].b.get()[0], 1e-12, "a bias's slope is the sum of its blame");
    }
}

// Trains in pieces of `cut` steps, each from a new descent where `resume`; returns parameters, slots and costs.
template <class T>
static std::vector<double> train(const Lesson<T>& lesson, const StepRule& rule, SimdLevel level, std::size_t cut,
                                 bool resume) {
    std::vector<std::int64_t> order(lesson.rows);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937(2));
    const std::size_t steps = (lesson.rows - 1) / rule.batch_size + 1;
    const std::vector<double> rates(steps, 0.01);
    std::vector<BatchCost> costs(steps);
    const auto begin = [&](State<T> from) {
        return std::make_unique<Descent<T>>(lesson.net, rule, lesson.examples(true), std::move(from), level);
    };
    auto descent = begin(start_of(lesson, rule.optimizer));
    for (std::size_t done = 0; done < steps; done += cut) {
        const std::size_t some = std::min(cut, steps - done), first = done * rule.batch_size;
        descent->train(order.data() + first, std::min(some * rule.batch_size, lesson.rows - first), rates.data() + done,
                       some, costs.data() + done);
        if (resume) descent = begin(std::move(descent->state));
    }
    CHECK(descent->state.step == steps);
    std::vector<double> all;
    for (const T number : flat(descent->state.parameters)) all.push_back(static_cast<double>(number));
    for (const auto& slot : descent->state.slots)
        for (const T number : flat(slot)) all.push_back(static_cast<double>(number));
    for (const BatchCost& cost : costs) all.push_back(cost.cost), all.push_back(cost.penalty);
    return all;
}

template <class T>
static void check_bits(StepRule rule, SimdLevel level) {
    const Lesson<T> lesson(network(Activation::gelu, Activation::softmax, {CostKind::cross_entropy, 0}), 1300);
    const auto whole = train(lesson, rule, level, 1000, false);
    for (const double number : whole) CHECK(std::isfinite(number));
    CHECK(train(lesson, rule, level, 1, false) == whole);
    CHECK(train(lesson, rule, level, 2, true) == whole);
}

template <class T>
static void check_predict(SimdLevel level) {
    for (const auto& [output, cost] : {std::pair{Activation::softmax, Cost{CostKind::cross_entropy, 0}},
                                       std::pair{Activation::tanh, Cost{CostKind::squared_error, 0}}}) {
        const Lesson<T> lesson(network(Activation::relu, output, cost), 700);
        std::vector<T> outputs(lesson.rows * 3), alone(3);
        predict(lesson.net, lesson.start, lesson.X.data(), lesson.rows, level, outputs.data());
        predict(lesson.net, lesson.start, lesson.X.data() + 600 * 3, 1, level, alone.data());
        CHECK(std::equal(alone.begin(), alone.end(), outputs.begin() + 600 * 3));
        std::vector<std::vector<T>> z, a;
        std::vector<T*> z_places, a_places;
        for (const Layer& layer : lesson.net.layers)
            z.emplace_back(lesson.rows * layer.units), a.emplace_back(lesson.rows * layer.units);
        for (auto& each : z) z_places.push_back(each.data());
        for (auto& each : a) a_places.push_back(each.data());
        trace(lesson.net, lesson.start, lesson.X.data(), lesson.rows, level, z_places, a_places);
        CHECK(a.back() == outputs);
        CHECK(a[0][0] == std::max(z[0][0], T(0)));
    }
}

// The same rows among mostly zeros, and where as many dense rows beside them hide that: leaving zeros out changes no
// bit.
static void check_zeros(SimdLevel level) {
    const StepRule rule{.optimizer = {OptimizerKind::adam, 0, 0, 0.9, 0.999, 1e-8, 0, false}, .batch_size = 13};
    Lesson<float> lesson(network(Activation::relu, Activation::softmax, {CostKind::cross_entropy, 0}, {70, 9, 3}), 100);
    for (std::size_t at = 0; at < 39 * 70; ++at) lesson.X[at] *= at % 40 == 0 ? 1.0f : 0.0f;
    std::vector<std::int64_t> order(39);
    std::iota(order.begin(), order.end(), 0);
    const std::vector<double> rates(3, 0.1);
    std::vector<float> ends[2];
    for (const std::size_t rows : {std::size_t{39}, std::size_t{100}}) {
        Examples<float> examples = lesson.examples(false);
        examples.rows = rows;
        Descent<float> descent(lesson.net, rule, examples, start_of(lesson, rule.optimizer), level);
        std::vector<BatchCost> costs(3);
        descent.train(order.data(), 39, rates.data(), 3, costs.data());
        ends[rows == 100] = flat(descent.state.parameters);
    }
    CHECK(ends[0] == ends[1]);
}

static void check_learning(OptimizerKind kind, SimdLevel level) {
    const Lesson<float> lesson(network(Activation::tanh, Activation::sigmoid, {CostKind::squared_error, 0}), 60);
    const StepRule rule{.optimizer = {kind, 0.9, 0.9, 0.9, 0.99, 1e-8, 0.01, true}, .batch_size = 60};
    Descent<float> descent(lesson.net, rule, lesson.examples(false), start_of(lesson, rule.optimizer), level);
    std::vector<std::int64_t> order(60);
    std::iota(order.begin(), order.end(), 0);
    double first = 0, last = 0;
    for (int turn = 0; turn < 200; ++turn) {
        const double rate = kind == OptimizerKind::gradient_descent ? 0.5 : 0.005;
        BatchCost cost{};
        descent.train(order.data(), 60, &rate, 1, &cost);
        (turn ? last : first) = cost.cost;
    }
    CHECK(last < 0.9 * first);
}

int main() {
    for (const SimdLevel level : levels_here()) {
        for (const Activation hidden : {Activation::tanh, Activation::silu, Activation::mish, Activation::softplus})
            check_slopes(network(hidden, Activation::softmax, {CostKind::cross_entropy, 0}), level);
        check_slopes(network(Activation::tanh, Activation::softmax, {CostKind::binary_cross_entropy, 0}), level);
        check_slopes(network(Activation::elu, Activation::sigmoid, {CostKind::binary_cross_entropy, 0}), level);
        check_slopes(network(Activation::tanh, Activation::exp, {CostKind::poisson, 0}, {2, 3}), level);
        check_slopes(network(Activation::tanh, Activation::identity, {CostKind::squared_error, 0}, {2, 9, 1}), level);
        StepRule rule{.optimizer = {OptimizerKind::adam, 0, 0, 0.9, 0.999, 1e-8, 0, false}, .batch_size = 50};
        check_bits<float>(rule, level);
        rule.l2 = 0.1, rule.dropout = 0.3, rule.seed = 9, rule.label_smoothing = 0.1, rule.batch_size = 700;
        check_bits<double>(rule, level);
        rule.clip_norm = 0.01;
        check_bits<float>(rule, level);
        check_zeros(level);
        check_predict<float>(level);
        check_predict<double>(level);
        for (std::size_t kind = 0; kind < optimizer_names.size(); ++kind)
            check_learning(static_cast<OptimizerKind>(kind), level);
    }
    return 0;
}
