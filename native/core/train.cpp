#include "core/train.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpid {

template <class T>
Descent<T>::Descent(Network network, const StepRule& rule, const Examples<T>& examples, State<T> start, SimdLevel level)
    : state(std::move(start)),
      network_(std::move(network)),
      rule_(rule),
      kernels_(kernels_for<T>(level)),
      backprop_(network_, kernels_, rule_.batch_size, true),
      batch_(network_, examples, rule_.batch_size, rule_.label_smoothing),
      slopes_(network_, rule_.batch_size > rows_at_once || std::isfinite(rule_.clip_norm)) {}

template <class T>
void Descent<T>::train(const std::int64_t* order, std::size_t count, const double* rates, std::size_t steps,
                       BatchCost* costs) {
    const FlushToZero flush;
    for (std::size_t number = 0; number < steps; ++number) {
        const std::size_t first = number * rule_.batch_size;
        costs[number] = step(order + first, std::min(rule_.batch_size, count - first), rates[number]);
    }
}

template <class T>
BatchCost Descent<T>::step(const std::int64_t* order, std::size_t count, double rate) {
    const double total = batch_.weigh(order, count), l2 = rule_.l2 / total;
    BatchCost found{0, l2 != 0 ? 0.5 * l2 * backprop_.sum_of_squares(state.parameters, false) : 0};
    const Numbers numbers{step_numbers<T>(rule_.optimizer, rate, state.step + 1, l2, true),
                          step_numbers<T>(rule_.optimizer, rate, state.step + 1, l2, false)};
    const bool clips = std::isfinite(rule_.clip_norm);
    backprop_.prepare_back(state.parameters);
    for (std::size_t first = 0; first < count; first += rows_at_once) {
        const Rows<T> rows = batch_.gather(order, first, std::min(rows_at_once, count - first), total);
        backprop_.forward(state.parameters, rows, {rule_.dropout, rule_.seed, state.step, first});
        found.cost += backprop_.cost(rows);
        const bool last = first + rows.count == count;
        for (std::size_t layer = network_.layers.size(); layer-- > 0;) {
            if (layer) backprop_.back(layer, rows.count);
            if (last && !clips)
                descend(layer, rows, first == 0, numbers);
            else
                backprop_.accumulate(layer, rows, slopes_, first == 0);
        }
    }
    if (clips) descend_clipped(numbers, l2);
    ++state.step;
    return found;
}

// The last rows' slopes join those of the rows before, and the step is made while they are in registers.
template <class T>
void Descent<T>::descend(std::size_t layer, const Rows<T>& rows, bool fresh, const Numbers& numbers) {
    const auto& slopes = slopes_.layers[layer];
    kernels_.descend(backprop_.slope_factors(layer, rows), fresh ? nullptr : slopes.W.get(), numbers.weights,
                     movable(layer, &Arrays<T>::OfLayer::W));
    backprop_.accumulate_bias(layer, rows.count, slopes_, fresh);
    kernels_.step(numbers.biases, movable(layer, &Arrays<T>::OfLayer::b), slopes.b.get(), T(1), slopes.units);
}

// All slopes are shortened together so that their norm is at most the rule's (Pascanu et al. 2013), then followed.
template <class T>
void Descent<T>::descend_clipped(Numbers numbers, double l2) {
    if (l2 != 0) slopes_.add_weights(static_cast<T>(l2), state.parameters);
    numbers.weights.l2 = 0;  // it is in the slopes already
    const double norm = std::sqrt(backprop_.sum_of_squares(slopes_, true));
    const T scale = norm > rule_.clip_norm ? static_cast<T>(rule_.clip_norm / norm) : T(1);
    for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
        const auto& slopes = slopes_.layers[layer];
        kernels_.step(numbers.weights, movable(layer, &Arrays<T>::OfLayer::W), slopes.W.get(), scale,
                      slopes.inputs * slopes.stride);
        kernels_.step(numbers.biases, movable(layer, &Arrays<T>::OfLayer::b), slopes.b.get(), scale, slopes.units);
    }
}

template <class T>
Movable<T> Descent<T>::movable(std::size_t layer, Buffer<T> Arrays<T>::OfLayer::* array) {
    const auto of = [&](const Arrays<T>& arrays) { return (arrays.layers[layer].*array).get(); };
    const auto slot = [&](std::size_t at) { return at < state.slots.size() ? of(state.slots[at]) : nullptr; };
    return {of(state.parameters), slot(0), slot(1), state.parameters.layers[layer].stride};
}

template class Descent<float>;
template class Descent<double>;

}  // namespace limpid
