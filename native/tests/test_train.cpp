// Descents: the same bits for any number of threads, form of the inputs and cut into calls; and they do learn.
#include <algorithm>
#include <memory>
#include <numeric>

#include "core/train.hpp"
#if defined(__linux__)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "cores.hpp"
#include "lessons.hpp"

// A forked child's threads are its own: nothing of the parent's is looked at.
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }

using namespace limpid;

namespace {

const Optimizer adam{OptimizerKind::adam, 0, 0, 0.9, 0.999, 1e-8, 0, false};

std::vector<std::int64_t> shuffled(std::size_t rows) {
    std::vector<std::int64_t> order(rows);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937(2));
    return order;
}

// How one epoch is gone through: by whom, from what, and in which calls.
struct Way {
    SimdLevel level = SimdLevel::baseline;
    std::size_t threads = 1, steps_a_call = 1000;
    bool resume = false;  // each call from a new descent
};

// Parameters, slots and costs at the end of an epoch.
template <class T>
std::vector<double> train(const Lesson<T>& lesson, const StepRule& rule, const Inputs<T>& X, const Way& way) {
    const std::vector<std::int64_t> order = shuffled(lesson.rows);
    const std::size_t steps = (lesson.rows - 1) / rule.batch_size + 1;
    const std::vector<double> rates(steps, 0.01);
    std::vector<BatchCost> costs(steps);
    const auto begin = [&](State<T> from) {
        return std::make_unique<Descent<T>>(lesson.net, rule, lesson.examples(X), std::move(from), way.level,
                                            way.threads);
    };
    auto descent = begin(lesson.state(rule.optimizer));
    for (std::size_t done = 0; done < steps; done += way.steps_a_call) {
        const std::size_t some = std::min(way.steps_a_call, steps - done), first = done * rule.batch_size;
        descent->train(order.data() + first, std::min(some * rule.batch_size, lesson.rows - first), rates.data() + done,
                       some, costs.data() + done);
        if (way.resume) descent = begin(std::move(descent->state));
    }
    CHECK(descent->state.step == steps);
    std::vector<double> all = flat(descent->state.parameters);
    for (const auto& slot : descent->state.slots) {
        const std::vector<double> of_slot = flat(slot);
        all.insert(all.end(), of_slot.begin(), of_slot.end());
    }
    for (const BatchCost& cost : costs) all.insert(all.end(), {cost.cost, cost.penalty});
    for (const double number : all) CHECK(std::isfinite(number));
    return all;
}

template <class T>
void check_bits(const Lesson<T>& lesson, const StepRule& rule) {
    std::vector<double> fused;
    for (const SimdLevel level : levels_here()) {
        const Inputs<T> X = lesson.X.plain();
        const std::vector<double> wanted = train(lesson, rule, X, {level});
        for (const std::size_t threads : {2, 3, 4}) CHECK(train(lesson, rule, X, {level, threads}) == wanted);
        CHECK(train(lesson, rule, X, {level, 0, 1}) == wanted);
        CHECK(train(lesson, rule, X, {level, 2, 2, true}) == wanted);
        if (level == SimdLevel::baseline) continue;
        CHECK(fused.empty() || fused == wanted);
        fused = wanted;
    }
}

template <class T>
void check_forms(const Lesson<T>& lesson, const StepRule& rule) {
    for (const SimdLevel level : levels_here()) {
        const std::vector<double> wanted = train(lesson, rule, lesson.X.plain(), {level});
        std::size_t threads = 0;
        for (const auto& form : lesson.X.all())
            CHECK(train(lesson, rule, form.X, {level, threads++ % 4 + 1}) == wanted);
    }
}

// A batch that goes through in two parts drops units by their rows' places in it.
template <class T>
void check_places(const Lesson<T>& lesson, const StepRule& rule) {
    const std::vector<std::int64_t> order = shuffled(lesson.rows);
    const std::size_t rest = rule.batch_size - rows_at_once;
    const Choice whole{order.data(), 0, rule.batch_size, rule.batch_size};
    for (const SimdLevel level : levels_here()) {
        Descent<T> descent(lesson.net, rule, lesson.examples(), lesson.state(rule.optimizer), level, 1);
        const double rate = 0.1;
        BatchCost found{};
        descent.train(order.data(), rule.batch_size, &rate, 1, &found);
        Sweep<T> sweep(lesson.net, lesson.examples(), rule.batch_size, rule.label_smoothing, true, true, level, 1);
        Crew crew(1);
        const FlushToZero flush;
        const auto cost = [&](std::size_t first, std::size_t count) {
            const Choice part{order.data(), first, count, count};
            return sweep.there_and_back(crew, part, sweep.weigh(whole), {rule.dropout, rule.seed, 0, first});
        };
        sweep.prepare(crew, lesson.start);
        CHECK(found.cost == cost(0, rows_at_once) + cost(rows_at_once, rest));
    }
}

// A slope too small to be normal moves nothing.
void check_flushing(SimdLevel level) {
    const Network net = network(Activation::relu, Activation::identity, {CostKind::squared_error}, {2, 1});
    Lesson<float> lesson(net, 4);
    std::fill(lesson.Y.begin(), lesson.Y.end(), 1e-38f);
    const StepRule rule{.optimizer = {}, .batch_size = 4};
    State<float> start{Arrays<float>(net), {}, 0};
    Descent<float> descent(net, rule, lesson.examples(), std::move(start), level, 1);
    const double rate = 1;
    BatchCost cost{};
    descent.train(shuffled(4).data(), 4, &rate, 1, &cost);
    for (const double number : flat(descent.state.parameters)) CHECK(number == 0);
}

// Large enough that four threads share every step (see worthwhile_threads), with rows left over for the last.
template <class T>
void check_rules() {
    const std::vector<std::size_t> widths = {90, 70, 50, 7};
    const Network net = network(Activation::gelu, Activation::softmax, {CostKind::cross_entropy}, widths);
    // where most is zero all forms become lists; where nothing is, dense rows stay dense beside them
    const Lesson<T> sparse(net, 360, 7), full(net, 700);
#if defined(LIMPID_CORES)
    CHECK(worthwhile_threads(170.0 * (90 * 70 + 70 * 50 + 50 * 7), 4) == 4);
#endif
    const StepRule plain{.optimizer = {}, .batch_size = 170};
    StepRule rule{.optimizer = adam, .batch_size = 170};
    check_bits(sparse, plain), check_forms(sparse, plain), check_forms(full, plain);
    check_bits(sparse, rule);
    rule.l2 = 0.1, rule.dropout = 0.3, rule.seed = 9, rule.label_smoothing = 0.1;
    check_forms(sparse, rule);
    rule.batch_size = 600;  // more rows than go through at once
    check_bits(full, rule), check_forms(full, rule);
    check_places(full, rule);
    rule.clip_norm = 0.01;
    check_bits(full, rule), check_forms(full, rule);
    rule.max_norm = 0.8;
    check_bits(full, rule), check_bits(sparse, rule);
    rule.clip_norm = std::numeric_limits<double>::infinity();
    check_bits(full, rule), check_forms(sparse, rule);
}

// Normalised networks: over batches that are larger than what goes through at once, and with a smaller one behind.
template <class T>
void check_normalized(Normalization kind) {
    Network net =
        normalized(network(Activation::gelu, Activation::softmax, {CostKind::cross_entropy}, {90, 70, 50, 7}), kind);
    const Lesson<T> sparse(net, 360, 7), full(net, 700);
    StepRule rule{.optimizer = adam, .batch_size = 170};
    check_bits(sparse, rule), check_forms(sparse, rule);
    rule.l2 = 0.1, rule.dropout = 0.3, rule.seed = 9, rule.batch_size = 600;
    check_bits(full, rule), check_forms(full, rule);
    rule.clip_norm = 0.5, rule.max_norm = 0.8;
    check_bits(full, rule);
    net.layers[0].normalization = kind == Normalization::batch ? Normalization::layer : Normalization::none;
    check_bits(Lesson<T>(net, 360), rule);
}

// Behind an embedding: what is learned of it, with everything that a rule may ask for.
template <class T>
void check_embedded() {
    const std::vector<Embedding::Column> columns = {{3, 40}, {60, 1}, {61, 70}};
    Network net = embedded(network(Activation::gelu, Activation::softmax, {CostKind::cross_entropy}, {130, 70, 7}), 151,
                           columns, 30);
    const Lesson<T> sparse(net, 360, 7), full(net, 700);
    StepRule rule{.optimizer = adam, .batch_size = 170};
    check_bits(sparse, rule), check_forms(sparse, rule), check_forms(full, rule);
    rule.l2 = 0.1, rule.dropout = 0.3, rule.seed = 9, rule.batch_size = 600;
    check_bits(full, rule), check_forms(full, rule);
    rule.clip_norm = 0.5, rule.max_norm = 0.8;
    check_bits(full, rule), check_forms(sparse, rule);
    net.layers[1].normalization = Normalization::batch;
    check_bits(Lesson<T>(net, 360), rule);
}

// Neither weight decay nor a limit of norms moves what an embedding has learned; with no slope nothing does.
void check_kept(SimdLevel level) {
    const Network net = embedded(classifier({6, 4, 3}), 9, {{1, 4}, {5, 3}}, 2);
    Lesson<double> lesson(net, 40);
    std::fill(lesson.weights.begin(), lesson.weights.end(), 0.0);  // all slopes are 0
    const Optimizer decays{OptimizerKind::adamw, 0, 0, 0.9, 0.999, 1e-8, 0.5, false};
    for (const double clip : {std::numeric_limits<double>::infinity(), 1.0}) {
        const StepRule rule{.optimizer = decays, .batch_size = 20, .l2 = 0.3, .clip_norm = clip, .max_norm = 0.01};
        const std::vector<double> before = flat(lesson.start), after = train(lesson, rule, lesson.X.plain(), {level});
        CHECK(std::equal(before.begin(), before.begin() + 14, after.begin()));
        CHECK(before[14] != after[14]);
    }
}

// A batch leaves its mean and variance in the running statistics; what a step does depends on them alone.
void check_running(SimdLevel level) {
    const Lesson<double> lesson(normalized(classifier({5, 4, 3}), Normalization::batch), 20);
    const StepRule rule{.optimizer = {}, .batch_size = 20};
    Descent<double> descent(lesson.net, rule, lesson.examples(), lesson.state({}), level, 1);
    const double rate = 0.1;
    BatchCost cost{};
    const std::vector<std::int64_t> order = shuffled(20);
    descent.train(order.data(), 20, &rate, 1, &cost);
    const auto &from = lesson.start.layers[0], &to = descent.state.parameters.layers[0];
    double total = 0;
    for (const double weight : lesson.weights) total += weight;
    for (std::size_t unit = 0; unit < 4; ++unit) {
        std::vector<double> sums;
        double mean = 0, variance = 0;
        for (std::size_t row = 0; row < 20; ++row) {
            sums.push_back(from.b.get()[unit]);
            for (std::size_t k = 0; k < 5; ++k) sums[row] += lesson.X.at(row, k) * from.W.get()[k * from.stride + unit];
            mean += lesson.weights[row] / total * sums[row];
        }
        for (std::size_t row = 0; row < 20; ++row)
            variance += lesson.weights[row] / total * (sums[row] - mean) * (sums[row] - mean);
        check_close(to.mean.get()[unit], 0.9 * from.mean.get()[unit] + 0.1 * mean, 1e-12, "mean");
        check_close(to.variance.get()[unit], 0.9 * from.variance.get()[unit] + 0.1 * variance, 1e-12, "variance");
        CHECK(to.b.get()[unit] == from.b.get()[unit] && to.beta.get()[unit] != from.beta.get()[unit]);
    }
}

// The same rows, where the others make leaving zeros out pay, and where they hide that.
void check_zeros(SimdLevel level) {
    const StepRule rule{.optimizer = adam, .batch_size = 13};
    const Lesson<float> lesson(classifier({70, 9, 3}), 100);
    std::vector<float> X(100 * 70);
    for (std::size_t at = 0; at < X.size(); ++at)
        X[at] = at < 39 * 70 && at % 40 ? 0.0f : lesson.X.at(at / 70, at % 70);
    const std::vector<std::int64_t> order = shuffled(39);
    const std::vector<double> rates(3, 0.1);
    std::vector<std::vector<double>> ends;
    for (const std::size_t rows : {39, 100}) {
        const Inputs<float> inputs{Number::float32, X.data()};
        Examples<float> examples = lesson.examples(inputs);
        examples.rows = rows;
        CHECK(leaving_out_pays(inputs, rows, 70, 9, false) == (rows == 39));
        Descent<float> descent(lesson.net, rule, examples, lesson.state(adam), level, 1);
        std::vector<BatchCost> costs(3);
        descent.train(order.data(), 39, rates.data(), 3, costs.data());
        ends.push_back(flat(descent.state.parameters));
    }
    CHECK(ends[0] == ends[1]);
}

void check_learning(OptimizerKind kind, SimdLevel level) {
    const Lesson<float> lesson(network(Activation::tanh, Activation::sigmoid, {CostKind::squared_error}, {3, 5, 4, 3}),
                               60);
    const StepRule rule{.optimizer = {kind, 0.9, 0.9, 0.9, 0.99, 1e-8, 0.01, true}, .batch_size = 60};
    Descent<float> descent(lesson.net, rule, lesson.examples(), lesson.state(rule.optimizer), level, 0);
    const std::vector<std::int64_t> order = shuffled(60);
    double first = 0, last = 0;
    for (int turn = 0; turn < 200; ++turn) {
        const double rate = kind == OptimizerKind::gradient_descent ? 0.5 : 0.005;
        BatchCost cost{};
        descent.train(order.data(), 60, &rate, 1, &cost);
        (turn ? last : first) = cost.cost;
    }
    CHECK(last < 0.9 * first);
}

// A step no longer than the rule's norm allows, along the slopes of the same step without it.
void check_clipping(SimdLevel level) {
    const Lesson<double> lesson(classifier({9, 8, 3}), 40);
    const auto moved = [&](double norm) {
        const std::vector<double> before = flat(lesson.start);
        std::vector<double> after =
            train(lesson, {.optimizer = {}, .batch_size = 40, .l2 = 0.2, .clip_norm = norm}, lesson.X.plain(), {level});
        for (std::size_t at = 0; at < before.size(); ++at) after[at] = (before[at] - after[at]) / 0.01;
        after.resize(before.size());
        return after;
    };
    const auto norm_of = [](const std::vector<double>& of) {
        return std::sqrt(std::inner_product(of.begin(), of.end(), of.begin(), 0.0));
    };
    const std::vector<double> whole = moved(std::numeric_limits<double>::infinity()), clipped = moved(0.05);
    CHECK(norm_of(whole) > 0.1);
    check_close(norm_of(clipped), 0.05, 1e-9, "norm");
    for (std::size_t at = 0; at < whole.size(); ++at)
        check_close(clipped[at], whole[at] * 0.05 / norm_of(whole), 1e-9, "direction");
    const std::vector<double> loose = moved(1e9);
    for (std::size_t at = 0; at < whole.size(); ++at) check_close(loose[at], whole[at], 1e-9, "too short to clip");
}

// After a step no hidden unit's weights are longer than the rule's norm; the outputs' may be.
void check_limiting(SimdLevel level) {
    const Lesson<double> lesson(classifier({9, 8, 70, 3}), 40);
    const double limit = 0.7;
    const StepRule rule{.optimizer = {}, .batch_size = 20, .max_norm = limit};
    Descent<double> descent(lesson.net, rule, lesson.examples(), lesson.state({}), level, 1);
    const double rates[] = {0.01, 0.01};
    BatchCost costs[2]{};
    descent.train(shuffled(40).data(), 40, rates, 2, costs);
    double longest = 0;
    for (std::size_t number = 0; number < 3; ++number) {
        const auto& layer = descent.state.parameters.layers[number];
        for (std::size_t unit = 0; unit < layer.units; ++unit) {
            double squares = 0;
            for (std::size_t input = 0; input < layer.inputs; ++input)
                squares += std::pow(layer.W.get()[input * layer.stride + unit], 2);
            if (number < 2) CHECK(std::sqrt(squares) < limit + 1e-12);
            longest = std::max(longest, std::sqrt(squares));
        }
    }
    CHECK(longest > limit);
}

#if defined(__linux__)
// A child that trains, as Python's multiprocessing starts it, while its parent's threads wait.
void check_fork() {
    const Lesson<float> lesson(classifier({90, 70, 7}), 340);
    const StepRule rule{.optimizer = adam, .batch_size = 170};
    const Way way{detect_simd_level(), 3};
    const std::vector<double> wanted = train(lesson, rule, lesson.X.plain(), way);
    const pid_t child = fork();
    if (child == 0) _exit(train(lesson, rule, lesson.X.plain(), way) == wanted ? 0 : 1);
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(train(lesson, rule, lesson.X.plain(), way) == wanted);
}
#endif

}  // namespace

int main() {
    check_rules<float>();
    check_rules<double>();
    for (const Normalization kind : {Normalization::batch, Normalization::layer})
        check_normalized<float>(kind), check_normalized<double>(kind);
    check_embedded<float>();
    check_embedded<double>();
    for (const SimdLevel level : levels_here()) {
        check_kept(level);
        check_zeros(level);
        check_clipping(level);
        check_limiting(level);
        check_running(level);
        check_flushing(level);
        for (std::size_t kind = 0; kind < optimizer_names.size(); ++kind)
            check_learning(static_cast<OptimizerKind>(kind), level);
    }
#if defined(__linux__)
    check_fork();
#endif
    return 0;
}
