#include "core/train.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace limpid {

namespace {

// Rows of a batch that are followed one after the other.
constexpr std::size_t most_row_by_row = 16;

}  // namespace

template <class T>
Descent<T>::Descent(Network network, const StepRule& rule, const Examples<T>& examples, State<T> start, SimdLevel level,
                    std::size_t threads)
    : state(std::move(start)),
      network_(std::move(network)),
      rule_(rule),
      examples_(examples.rows),
      rows_together_(std::min(rule_.batch_size, network_.over_batch() ? examples_ : rows_at_once)),
      sweep_(network_, thinned(examples, level), rows_together_, rule_.label_smoothing, rule_.dropout > 0, true, level,
             threads),
      slopes_(network_, std::min(rule_.batch_size, examples_) > rows_together_ || std::isfinite(rule_.clip_norm)) {}

// Zeros left out of dense rows, if that pays: beside dot products of pairs it must save twice as much, beside the
// matrix unit it never does.
template <class T>
Examples<T> Descent<T>::thinned(Examples<T> examples, SimdLevel level) {
    const Layer& first = network_.layers[0];
    const std::size_t inputs = first.inputs;
    const bool rounds = level > SimdLevel::avx512 && !first.embeds();
    const double dense_time = !rounds ? 1 : level == SimdLevel::avx512_bf16 ? 0.5 : 0;
    if (leaving_out_pays(examples.X, examples.rows, inputs, first.units, false, dense_time))
        examples.X = compressed_.emplace(examples.X, examples.rows, inputs).view();
    return examples;
}

template <class T>
std::size_t Descent<T>::batches(std::size_t count) const {
    const auto of = [&](std::size_t rows) { return (rows + rule_.batch_size - 1) / rule_.batch_size; };
    return count / examples_ * of(examples_) + of(count % examples_);
}

template <class T>
void Descent<T>::train(const std::int64_t* order, std::size_t count, const double* rates, std::size_t steps,
                       BatchCost* costs) {
    const FlushToZero flush;
    const std::size_t worth = sweep_.members();
    Crew crew(worth > 1 ? std::min(worth, allowed_threads()) : 1), alone(1);  // a file tells what is allowed
    sweep_.prepare(crew, state.parameters);
    std::size_t first = 0;
    auto before = std::chrono::steady_clock::now();
    for (std::size_t number = 0; number < steps; ++number) {
        const std::size_t left = count - first, of_pass = std::min(left, examples_ - first % examples_),
                          rows = std::min(rule_.batch_size, of_pass);
        costs[number] = step(pace_.together() ? crew : alone, {order, first, rows, left}, rates[number]);
        first += rows;
        if (crew.members() == 1) continue;
        const auto now = std::chrono::steady_clock::now();
        const double seconds = std::chrono::duration<double>(now - std::exchange(before, now)).count();
        if (rows == std::min(rule_.batch_size, examples_)) pace_.heard(seconds);
    }
}

template <class T>
BatchCost Descent<T>::step(Crew& crew, const Choice& batch, double rate) {
    const double total = sweep_.weigh(batch), l2 = rule_.l2 / total;
    BatchCost found{0, l2 != 0 ? 0.5 * l2 * sweep_.sum_of_squares(crew, state.parameters, false) : 0};
    const bool clips = std::isfinite(rule_.clip_norm);
    // In plain gradient descent on a few rows, -rate times each row's slopes is added to the weights: few of those that
    // come from sparse inputs are touched, and no slopes are written.
    const bool row_by_row =
        rule_.optimizer.kind == OptimizerKind::gradient_descent && l2 == 0 && !clips && batch.count <= most_row_by_row;
    const StepNumbers<T> of_weights = step_numbers<T>(rule_.optimizer, row_by_row ? -1 : rate, state.step + 1, l2);
    const Numbers numbers{of_weights, of_biases(of_weights)};
    for (std::size_t first = 0; first < batch.count; first += rows_together_) {
        const Choice part{batch.order, batch.first + first, std::min(rows_together_, batch.count - first),
                          batch.known - first};
        found.cost += sweep_.there_and_back(crew, part, total, {rule_.dropout, rule_.seed, state.step, first},
                                            row_by_row ? static_cast<T>(-rate) : T(1));
        const bool fresh = first == 0, last = first + part.count == batch.count;
        sweep_.each_part(crew, [&](std::size_t layer, Range inputs, std::size_t member) {
            if (row_by_row)
                descend_row_by_row(layer, inputs, numbers, member);
            else if (last && !clips)
                descend(layer, inputs, fresh, numbers, member);
            else
                accumulate(layer, inputs, fresh, member);
        });
    }
    if (clips) descend_clipped(crew, numbers, l2);
    sweep_.keep_moments(state.parameters);
    if (std::isfinite(rule_.max_norm)) sweep_.limit_norms(crew, state.parameters, static_cast<T>(rule_.max_norm));
    ++state.step;
    return found;
}

// The last rows' slopes join those of the rows before, and the step is made while they are in registers.
template <class T>
void Descent<T>::descend(std::size_t layer, Range inputs, bool fresh, const Numbers& numbers, std::size_t member) {
    const auto& slopes = slopes_.layers[layer];
    const std::size_t from = inputs.first * slopes.stride;
    sweep_.descend(layer, inputs, fresh ? nullptr : slopes.W.get() + from, numbers.of(slopes),
                   movable(layer, &Arrays<T>::OfLayer::W, from), member);
    prepare(layer, inputs);
    if (inputs.first) return;
    sweep_.sum_slopes(layer, slopes, fresh);
    descend_others(layer, numbers.biases, T(1));
}

template <class T>
void Descent<T>::descend_row_by_row(std::size_t layer, Range inputs, const Numbers& numbers, std::size_t member) {
    const auto& own = state.parameters.layers[layer];
    sweep_.accumulate(layer, inputs, own.W.get() + inputs.first * own.stride, false, member);
    prepare(layer, inputs);
    if (inputs.first) return;
    sweep_.sum_slopes(layer, slopes_.layers[layer], true);
    descend_others(layer, numbers.biases, T(1));
}

template <class T>
void Descent<T>::accumulate(std::size_t layer, Range inputs, bool fresh, std::size_t member) {
    const auto& slopes = slopes_.layers[layer];
    sweep_.accumulate(layer, inputs, slopes.W.get() + inputs.first * slopes.stride, fresh, member);
    if (inputs.first == 0) sweep_.sum_slopes(layer, slopes, fresh);
}

// The step of all that learns but W, along `scale` times the slopes.
template <class T>
void Descent<T>::descend_others(std::size_t layer, const StepNumbers<T>& numbers, T scale) {
    using OfLayer = typename Arrays<T>::OfLayer;
    const OfLayer& slopes = slopes_.layers[layer];
    for (const auto array : {&OfLayer::b, &OfLayer::gamma, &OfLayer::beta})
        if (const T* g = (slopes.*array).get())
            sweep_.kernels().step(numbers, movable(layer, array), g, scale, 1, slopes.units);
}

// All slopes are shortened together so that their norm is at most the rule's (Pascanu et al. 2013), then followed.
template <class T>
void Descent<T>::descend_clipped(Crew& crew, Numbers numbers, double l2) {
    if (l2 != 0) slopes_.add_weights(static_cast<T>(l2), state.parameters);
    numbers.weights.l2 = 0;  // it is in the slopes already
    const double norm = std::sqrt(sweep_.sum_of_squares(crew, slopes_, true));
    const T scale = norm > rule_.clip_norm ? static_cast<T>(rule_.clip_norm / norm) : T(1);
    for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
        const auto& slopes = slopes_.layers[layer];
        sweep_.kernels().step(numbers.of(slopes), movable(layer, &Arrays<T>::OfLayer::W), slopes.W.get(), scale,
                              slopes.inputs, slopes.units);
        descend_others(layer, numbers.biases, scale);
        prepare(layer, {0, slopes.inputs});
    }
}

// Weights whose norm is limited next are prepared then.
template <class T>
void Descent<T>::prepare(std::size_t layer, Range inputs) {
    const bool last = layer + 1 == network_.layers.size();
    if (last || !std::isfinite(rule_.max_norm)) sweep_.prepare(state.parameters, layer, inputs);
}

template <class T>
Movable<T> Descent<T>::movable(std::size_t layer, Buffer<T> Arrays<T>::OfLayer::* array, std::size_t from) {
    const auto of = [&](const Arrays<T>& arrays) { return (arrays.layers[layer].*array).get() + from; };
    const auto slot = [&](std::size_t at) { return at < state.slots.size() ? of(state.slots[at]) : nullptr; };
    return {of(state.parameters), slot(0), slot(1), state.parameters.layers[layer].stride};
}

template class Descent<float>;
template class Descent<double>;

}  // namespace limpid
