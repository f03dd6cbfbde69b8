// Passes over whole tables: sums by plain loops, slopes by central differences; and the same bits for any number of
// threads, every form of the inputs, and rows alone.
#include <algorithm>

#include "core/passes.hpp"
#include "cores.hpp"
#include "lessons.hpp"
#include "matrix.hpp"

using namespace limpid;

namespace {

struct Found {
    double cost;
    Arrays<double> slopes;
    LayerRooms<double> deltas;
};

Found slopes_of(const Lesson<double>& lesson, SimdLevel level) {
    Found found{0, Arrays<double>(lesson.net), {lesson.net, lesson.rows}};
    const BatchCost cost =
        gradients(lesson.net, lesson.start, lesson.examples(), 0.3, level, 1, found.deltas.places, found.slopes);
    found.cost = cost.cost + cost.penalty;
    return found;
}

void check_slopes(const Network& net, SimdLevel level) {
    Lesson<double> lesson(net, 7);
    const Found found = slopes_of(lesson, level);
    for (std::size_t at = 0; at < net.layers.size(); ++at) {
        auto& layer = lesson.start.layers[at];
        const auto check = [&](double& parameter, double slope) {
            const double before = parameter, step = 1e-6;
            parameter = before + step;
            const double above = slopes_of(lesson, level).cost;
            parameter = before - step;
            const double below = slopes_of(lesson, level).cost;
            parameter = before;
            check_close(slope, (above - below) / (2 * step), 1e-6, "slope");
        };
        for (std::size_t input = 0; input < layer.inputs; ++input)
            check(layer.W.get()[input * layer.stride], found.slopes.layers[at].W.get()[input * layer.stride]);
        const auto& slopes = found.slopes.layers[at];
        for (std::size_t row = 0; row < std::min<std::size_t>(layer.rows().size(), 3); ++row)
            check(layer.rows()[row][layer.units - 1], slopes.rows()[row][layer.units - 1]);
        if (!layer.b.get()) continue;
        double sum = 0;
        for (std::size_t row = 0; row < lesson.rows; ++row) sum += found.deltas.rooms[at][row * layer.units];
        const double* summed = layer.beta.get() ? slopes.beta.get() : slopes.b.get();
        check_close(sum, *summed, 1e-12, "a bias's slope is the sum of its blame");
        if (layer.mean.get()) CHECK(slopes.mean.get()[0] == 0 && slopes.variance.get()[0] == 0);
    }
}

template <class T>
struct Traced {
    LayerRooms<T> z, a;
    std::vector<T> outputs, judged;
    std::vector<double> costs;

    Traced(const Lesson<T>& lesson, const Weights<T>& weights, const Inputs<T>& X, SimdLevel level, std::size_t threads)
        : z(lesson.net, lesson.rows),
          a(lesson.net, lesson.rows),
          outputs(lesson.rows * lesson.net.outputs()),
          judged(outputs.size()),
          costs(lesson.rows) {
        trace(lesson.net, weights, X, lesson.rows, level, threads, z.places, a.places);
        predict(lesson.net, weights, X, lesson.rows, level, threads, outputs.data());
        judge(lesson.net, weights, lesson.examples(X), level, threads, costs.data(), judged.data());
        CHECK(judged == outputs);
    }
    bool operator==(const Traced& other) const {
        return z.rooms == other.z.rooms && a.rooms == other.a.rooms && outputs == other.outputs && costs == other.costs;
    }
};

template <class T>
void check_sums(const Lesson<T>& lesson, const Traced<T>& traced) {
    for (std::size_t at = 0; at < lesson.net.layers.size(); ++at) {
        const auto& layer = lesson.start.layers[at];
        for (std::size_t row = 0; row < lesson.rows; row += 97)
            for (std::size_t unit = 0; unit < layer.units; ++unit) {
                Plain plain;
                plain.add(layer.b.get()[unit]);
                for (std::size_t k = 0; k < layer.inputs; ++k)
                    plain.add(at ? traced.a.rooms[at - 1][row * layer.inputs + k] : lesson.X.at(row, k),
                              layer.W.get()[k * layer.stride + unit]);
                plain.check(traced.z.rooms[at][row * layer.units + unit]);
            }
    }
    CHECK(traced.a.rooms.back() == traced.outputs);
    CHECK(traced.a.rooms[0][0] == std::max(traced.z.rooms[0][0], T(0)));
}

// Weights without anything between the rows, and behind them what no result may depend on.
template <class T>
struct Packed {
    std::vector<std::vector<T>> arrays;
    Weights<T> weights;

    Packed(const Network& net, const Arrays<T>& from) {
        constexpr std::size_t vector = cache_line / sizeof(T);
        for (std::size_t number = 0; number < net.layers.size(); ++number) {
            const Layer& layer = net.layers[number];
            std::vector<T*> to(6);
            for (std::size_t at = 0; at < layer.arrays().size(); ++at) {
                arrays.emplace_back(layer.units * (at ? 1 : layer.inputs) + vector,
                                    std::numeric_limits<T>::quiet_NaN());
                to[at] = arrays.back().data();
            }
            from.layers[number].write(layer, to.data(), T(1));
            weights.layers.push_back({to[0], to[1], layer.units, to[2], to[3], to[4], to[5], layer.embeds()});
        }
    }
};

// What the activation sees is normalised: over a row's units where it is so, else by the running statistics.
template <class T>
void check_normal(const Lesson<T>& lesson, const Traced<T>& traced) {
    const auto& layer = lesson.start.layers[0];
    const bool by_row = lesson.net.layers[0].normalization == Normalization::layer;
    for (std::size_t row = 0; row < lesson.rows; row += 97) {
        std::vector<long double> sums(layer.units);
        long double mean = 0, variance = 0;
        for (std::size_t unit = 0; unit < layer.units; ++unit) {
            sums[unit] = layer.b.get()[unit];
            for (std::size_t k = 0; k < layer.inputs; ++k)
                sums[unit] += static_cast<long double>(lesson.X.at(row, k)) * layer.W.get()[k * layer.stride + unit];
            mean += sums[unit] / layer.units;
        }
        for (const long double sum : sums) variance += (sum - mean) * (sum - mean) / layer.units;
        for (std::size_t unit = 0; unit < layer.units; ++unit) {
            const long double middle = by_row ? mean : layer.mean.get()[unit],
                              spread = std::sqrt((by_row ? variance : layer.variance.get()[unit]) + 1e-5L),
                              wanted =
                                  (sums[unit] - middle) / spread * layer.gamma.get()[unit] + layer.beta.get()[unit];
            check_close(static_cast<double>(traced.z.rooms[0][row * layer.units + unit]), static_cast<double>(wanted),
                        sizeof(T) == 4 ? 1e-4 : 1e-12, "normal");
        }
    }
    CHECK(traced.a.rooms.back() == traced.outputs);
}

// Rows' costs, weighed, add up to what the way back finds.
template <class T>
void check_costs(const Lesson<T>& lesson, const Traced<T>& traced, SimdLevel level) {
    LayerRooms<T> deltas(lesson.net, lesson.rows);
    Arrays<T> slopes(lesson.net);
    const BatchCost wanted = gradients(lesson.net, lesson.start, lesson.examples(), 0, level, 1, deltas.places, slopes);
    double cost = 0, weight = 0;
    for (std::size_t row = 0; row < lesson.rows; ++row) {
        cost += static_cast<double>(lesson.weights[row]) * traced.costs[row];
        weight += static_cast<double>(lesson.weights[row]);
    }
    check_close(cost / weight, wanted.cost, sizeof(T) == 4 ? 1e-6 : 1e-13, "cost");
}

template <class T>
void check_predict(SimdLevel level, unsigned one_in, Normalization kind = Normalization::none) {
    const Lesson<T> lesson(normalized(classifier({70, 60, 3}), kind), 500, one_in);
    const Weights<T> weights = lesson.start.view();
    const Traced<T> wanted(lesson, weights, lesson.X.plain(), level, 1);
    kind == Normalization::none ? check_sums(lesson, wanted) : check_normal(lesson, wanted);
    check_costs(lesson, wanted, level);
    const Packed<T> packed(lesson.net, lesson.start);
    std::size_t threads = 0;
    for (const auto& form : lesson.X.all()) {
        const auto& from = threads % 2 ? packed.weights : weights;
        CHECK(Traced<T>(lesson, from, form.X, level, threads++ % 4 + 1) == wanted);
    }
    for (const std::size_t row : {0, 7, 499}) {
        Inputs<T> alone = lesson.X.plain();
        alone.numbers = static_cast<const T*>(alone.numbers) + row * 70;
        std::vector<T> outputs(3);
        predict(lesson.net, packed.weights, alone, 1, level, 4, outputs.data());
        CHECK(
            std::equal(outputs.begin(), outputs.end(), wanted.outputs.begin() + static_cast<std::ptrdiff_t>(row * 3)));
    }
}

// Everything that `gradients` finds.
template <class T>
std::vector<double> blame(const Lesson<T>& lesson, const Inputs<T>& X, SimdLevel level, std::size_t threads) {
    LayerRooms<T> deltas(lesson.net, lesson.rows);
    Arrays<T> slopes(lesson.net);
    const BatchCost cost =
        gradients(lesson.net, lesson.start, lesson.examples(X), 0.1, level, threads, deltas.places, slopes);
    std::vector<double> made = flat(slopes);
    for (const auto& room : deltas.rooms) made.insert(made.end(), room.begin(), room.end());
    made.insert(made.end(), {cost.cost, cost.penalty});
    return made;
}

// Slopes of the first weights and of biases by plain loops over all rows.
template <class T>
void check_rows_together(const Lesson<T>& lesson, SimdLevel level) {
    LayerRooms<T> deltas(lesson.net, lesson.rows);
    Arrays<T> slopes(lesson.net);
    gradients(lesson.net, lesson.start, lesson.examples(), 0, level, 4, deltas.places, slopes);
    for (std::size_t at = 0; at < lesson.net.layers.size(); ++at) {
        const auto& layer = slopes.layers[at];
        for (std::size_t unit = 0; unit < layer.units; ++unit) {
            Plain bias, weight;
            for (std::size_t row = 0; row < lesson.rows; ++row) {
                const T blame = deltas.rooms[at][row * layer.units + unit];
                bias.add(blame), weight.add(blame, at ? 0 : lesson.X.at(row, unit));
            }
            bias.check(layer.b.get()[unit]);
            if (at == 0) weight.check(layer.W.get()[unit * layer.stride + unit]);
        }
    }
}

// The smallest numbers count as zero, whoever computes with them.
template <class T>
void check_flushing(SimdLevel level) {
    const Network net = network(Activation::relu, Activation::identity, {CostKind::squared_error}, {9, 90, 90, 1});
    const Lesson<T> lesson(net, 500);
    std::fill_n(lesson.start.layers[0].W.get(), 9 * lesson.start.layers[0].stride, std::numeric_limits<T>::min() / 2);
    for (const auto& layer : lesson.start.layers) std::fill_n(layer.b.get(), layer.units, T(0));
    for (const std::size_t threads : {1, 4})
        for (const T output : Traced<T>(lesson, lesson.start.view(), lesson.X.plain(), level, threads).outputs)
            CHECK(output == 0);
}

template <class T>
void check_gradients(unsigned one_in, Normalization kind = Normalization::none) {
    const Lesson<T> lesson(normalized(classifier({70, 50, 3}), kind), 530, one_in);  // more than go through at once
    std::vector<double> fused;
    for (const SimdLevel level : levels_here()) {
        const std::vector<double> wanted = blame(lesson, lesson.X.plain(), level, 1);
        for (const std::size_t threads : {2, 3, 4}) CHECK(blame(lesson, lesson.X.plain(), level, threads) == wanted);
        std::size_t number = 0;
        for (const auto& form : lesson.X.all()) CHECK(blame(lesson, form.X, level, number++ % 4 + 1) == wanted);
        if (kind == Normalization::none) check_rows_together(lesson, level);
        check_flushing<T>(level);
        if (level == SimdLevel::baseline) continue;
        CHECK(fused.empty() || fused == wanted);
        fused = wanted;
    }
}

// An embedding has the bits of a layer like any other with the same weights, fixed and learned.
template <class T>
void check_embedded(SimdLevel level, unsigned one_in) {
    // 200 inputs of which 70 pass on; all that is learned from is the same for both
    const Network net = embedded(classifier({130, 60, 3}), 200, {{2, 50}, {90, 1}, {120, 79}}, 20);
    Network plain = net;
    plain.layers[0].embedding = {};
    const Lesson<T> lesson(net, 530, one_in);
    Lesson<T> other(plain, 530, one_in);
    const Packed<T> packed(net, lesson.start);
    for (std::size_t at = 0; at < net.layers.size(); ++at) {
        const T* const from[] = {packed.weights.layers[at].W, packed.weights.layers[at].b};
        other.start.layers[at].read(plain.layers[at], from);
    }
    const Traced<T> wanted(other, other.start.view(), other.X.plain(), level, 1);
    std::size_t threads = 0;
    for (const auto& form : lesson.X.all())
        for (const Weights<T>& weights : {packed.weights, lesson.start.view()})
            CHECK(Traced<T>(lesson, weights, form.X, level, threads++ % 4 + 1) == wanted);
    LayerRooms<T> deltas(net, 530), others(net, 530);
    Arrays<T> slopes(net), all(plain);
    gradients(net, lesson.start, lesson.examples(), 0, level, 3, deltas.places, slopes);
    gradients(plain, other.start, other.examples(), 0, level, 1, others.places, all);
    CHECK(deltas.rooms == others.rooms);
    for (std::size_t input = 0; input < 200; ++input)
        if (const auto [unit, row] = net.layers[0].embedding.places[input]; row != Embedding::none) {
            const T* const found = slopes.layers[0].W.get() + row * slopes.layers[0].stride;
            CHECK(std::equal(found, found + 20, all.layers[0].W.get() + input * all.layers[0].stride + unit));
        }
}

}  // namespace

int main() {
    const std::vector<std::size_t> widths = {3, 5, 4, 3};
    for (const SimdLevel level : levels_here()) {
        for (const Activation hidden : {Activation::tanh, Activation::silu, Activation::mish, Activation::softplus})
            check_slopes(network(hidden, Activation::softmax, {CostKind::cross_entropy}, widths), level);
        for (const Activation output : {Activation::softmax, Activation::sigmoid})
            check_slopes(network(Activation::elu, output, {CostKind::binary_cross_entropy}, widths), level);
        check_slopes(network(Activation::tanh, Activation::exp, {CostKind::poisson}, {2, 3}), level);
        check_slopes(network(Activation::tanh, Activation::identity, {CostKind::squared_error}, {2, 9, 1}), level);
        for (const unsigned one_in : {1, 6}) check_predict<float>(level, one_in), check_predict<double>(level, one_in);
        for (const unsigned one_in : {1, 6})
            check_embedded<float>(level, one_in), check_embedded<double>(level, one_in);
        check_slopes(embedded(network(Activation::tanh, Activation::softmax, {CostKind::cross_entropy}, {6, 4, 3}), 7,
                              {{1, 3}, {5, 2}}, 2),
                     level);
        for (const Normalization kind : {Normalization::batch, Normalization::layer}) {
            check_slopes(
                normalized(network(Activation::silu, Activation::softmax, {CostKind::cross_entropy}, widths), kind),
                level);
            check_predict<float>(level, 1, kind), check_predict<double>(level, 6, kind);
        }
    }
    for (const unsigned one_in : {1, 6}) check_gradients<float>(one_in), check_gradients<double>(one_in);
    for (const Normalization kind : {Normalization::batch, Normalization::layer})
        check_gradients<float>(1, kind), check_gradients<double>(6, kind);
    return 0;
}
