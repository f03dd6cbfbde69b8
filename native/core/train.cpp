#include "core/train.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace limpid {

template <class T>
State<T>::State(const Network& network, const Optimizer& optimizer) : parameters(network) {
    for (std::size_t slot = 0; slot < optimizer.slots(); ++slot) slots.emplace_back(network);
}

template <class T>
Descent<T>::Descent(Network network, StepRule rule, Examples<T> examples, SimdLevel level)
    : state(network, rule.optimizer),
      network_(std::move(network)),
      rule_(std::move(rule)),
      examples_(examples),
      kernels_(kernels_for<T>(level)),
      backprop_(network_, kernels_, rule_.batch_size, true),
      slopes_(network_, rule_.batch_size > rows_at_once || std::isfinite(rule_.clip_norm)),
      x_stride_(stride_of<T>(network_.inputs())),
      y_stride_(stride_of<T>(network_.outputs())) {
    const std::size_t rows = std::min(rule_.batch_size, rows_at_once);
    x_ = Buffer<T>(rows * x_stride_), y_ = Buffer<T>(rows * y_stride_), shares_ = Buffer<T>(rows);
}

template <class T>
void Descent<T>::train(const std::int64_t* order, std::size_t count, const double* rates, std::size_t steps,
                       StepCost* costs) {
    const FlushToZero flush;
    for (std::size_t number = 0; number < steps; ++number) {
        const std::size_t first = number * rule_.batch_size;
        costs[number] = step(order + first, std::min(rule_.batch_size, count - first), rates[number]);
    }
}

template <class T>
StepCost Descent<T>::step(const std::int64_t* batch, std::size_t count, double rate) {
    const double total = weigh(batch, count), l2 = rule_.l2 / total;
    StepCost found{0, rule_.l2 > 0 ? 0.5 * l2 * backprop_.sum_of_squares(state.parameters, false) : 0};
    const StepNumbers<T> numbers[2] = {step_numbers<T>(rule_.optimizer, rate, state.step + 1, l2, true),
                                       step_numbers<T>(rule_.optimizer, rate, state.step + 1, l2, false)};
    const bool clips = std::isfinite(rule_.clip_norm);
    backprop_.prepare_back(state.parameters);
    for (std::size_t first = 0; first < count; first += rows_at_once) {
        const Rows<T> rows = gather(batch + first, std::min(rows_at_once, count - first), total);
        backprop_.forward(state.parameters, rows.x, rows.x_stride, rows.count,
                          {rule_.dropout, rule_.seed, state.step, first});
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

template <class T>
double Descent<T>::weigh(const std::int64_t* batch, std::size_t count) const {
    if (!examples_.weights) return static_cast<double>(count);
    double total = 0;
    for (std::size_t row = 0; row < count; ++row) total += static_cast<double>(examples_.weights[batch[row]]);
    return total;
}

template <class T>
Rows<T> Descent<T>::gather(const std::int64_t* batch, std::size_t count, double total) {
    const std::size_t inputs = network_.inputs(), outputs = network_.outputs();
    const double classes = network_.cost.kind == CostKind::binary_cross_entropy ? 2 : static_cast<double>(outputs);
    const T sharper = T(1 - rule_.label_smoothing), even = T(rule_.label_smoothing / classes);
    for (std::size_t row = 0; row < count; ++row) {
        const auto from = static_cast<std::size_t>(batch[row]);
        std::copy_n(examples_.X + from * inputs, inputs, x_.get() + row * x_stride_);
        const T* y = examples_.Y + from * outputs;
        T* to = y_.get() + row * y_stride_;
        if (rule_.label_smoothing > 0)
            std::transform(y, y + outputs, to, [=](T target) { return sharper * target + even; });
        else
            std::copy_n(y, outputs, to);
        shares_.get()[row] = (examples_.weights ? examples_.weights[from] : T(1)) / static_cast<T>(total);
    }
    return {x_.get(), x_stride_, y_.get(), shares_.get(), count};
}

template <class T>
void Descent<T>::descend(std::size_t layer, const Rows<T>& rows, bool first, const StepNumbers<T> (&numbers)[2]) {
    const auto& slopes = slopes_.layers[layer];
    kernels_.descend(backprop_.slope_factors(layer, rows), first ? nullptr : slopes.W.get(), numbers[0],
                     movable(layer, false));
    backprop_.accumulate_bias(layer, rows.count, slopes_, first);
    kernels_.step(numbers[1], movable(layer, true), slopes.b.get(), T(1), slopes.units);
}

template <class T>
void Descent<T>::descend_clipped(const StepNumbers<T> (&numbers)[2], double l2) {
    if (rule_.l2 > 0)
        for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
            auto& slopes = slopes_.layers[layer];
            const T* weights = state.parameters.layers[layer].W.get();
            for (std::size_t at = 0; at < slopes.inputs * slopes.stride; ++at)
                slopes.W.get()[at] += static_cast<T>(l2) * weights[at];
        }
    const double norm = std::sqrt(backprop_.sum_of_squares(slopes_, true));
    const T scale = norm > rule_.clip_norm ? static_cast<T>(rule_.clip_norm / norm) : T(1);
    StepNumbers<T> of_weights = numbers[0];
    of_weights.l2 = 0;  // it is in the slopes already
    for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
        const auto& slopes = slopes_.layers[layer];
        kernels_.step(of_weights, movable(layer, false), slopes.W.get(), scale, slopes.inputs * slopes.stride);
        kernels_.step(numbers[1], movable(layer, true), slopes.b.get(), scale, slopes.units);
    }
}

template <class T>
Movable<T> Descent<T>::movable(std::size_t layer, bool bias) {
    const auto of = [&](Arrays<T>& arrays) {
        auto& found = arrays.layers[layer];
        return bias ? found.b.get() : found.W.get();
    };
    return {of(state.parameters), state.slots.size() > 0 ? of(state.slots[0]) : nullptr,
            state.slots.size() > 1 ? of(state.slots[1]) : nullptr, state.parameters.layers[layer].stride};
}

namespace {

// The first `rows` rows of a layer's array to where nothing lies between them.
template <class T>
void copy_rows(const T* from, std::size_t stride, std::size_t rows, std::size_t units, T* to) {
    for (std::size_t row = 0; row < rows; ++row) std::copy_n(from + row * stride, units, to + row * units);
}

}  // namespace

template <class T>
void predict(const Network& network, const Arrays<T>& parameters, const T* X, std::size_t rows, SimdLevel level,
             T* outputs) {
    const FlushToZero flush;
    Backprop<T> backprop(network, kernels_for<T>(level), rows, false);
    const std::size_t last = network.layers.size() - 1;
    for (std::size_t first = 0; first < rows; first += rows_at_once) {
        const std::size_t count = std::min(rows_at_once, rows - first);
        backprop.forward(parameters, X + first * network.inputs(), network.inputs(), count);
        backprop.activate_output(count);
        copy_rows(backprop.activations(last), backprop.stride(last), count, network.outputs(),
                  outputs + first * network.outputs());
    }
}

template <class T>
void trace(const Network& network, const Arrays<T>& parameters, const T* X, std::size_t rows, SimdLevel level,
           const std::vector<T*>& z, const std::vector<T*>& a) {
    const FlushToZero flush;
    const Kernels<T>& kernels = kernels_for<T>(level);
    for (std::size_t number = 0; number < network.layers.size(); ++number) {
        const Layer& layer = network.layers[number];
        const auto& own = parameters.layers[number];
        const T* x = number ? a[number - 1] : X;
        Buffer<T> room(std::min(rows, rows_at_once) * own.stride);
        for (std::size_t first = 0; first < rows; first += rows_at_once) {
            const std::size_t count = std::min(rows_at_once, rows - first);
            kernels.layer(
                {x + first * layer.inputs, own.W.get(), layer.inputs, own.stride, count, layer.units, layer.inputs},
                own.b.get(), Activation::identity, room.get(), nullptr, nullptr, own.stride);
            copy_rows(room.get(), own.stride, count, layer.units, z[number] + first * layer.units);
            kernels.activate(layer.activation, room.get(), count, layer.units, own.stride);
            copy_rows(room.get(), own.stride, count, layer.units, a[number] + first * layer.units);
        }
    }
}

template <class T>
StepCost gradients(const Network& network, const Arrays<T>& parameters, const Examples<T>& examples, double l2,
                   SimdLevel level, const std::vector<T*>& deltas, Arrays<T>& slopes) {
    const FlushToZero flush;
    Backprop<T> backprop(network, kernels_for<T>(level), examples.rows, true);
    const std::size_t y_stride = stride_of<T>(network.outputs());
    Buffer<T> y(std::min(examples.rows, rows_at_once) * y_stride), shares(std::min(examples.rows, rows_at_once));
    double total = static_cast<double>(examples.rows);
    if (examples.weights) {
        total = 0;
        for (std::size_t row = 0; row < examples.rows; ++row) total += static_cast<double>(examples.weights[row]);
    }
    StepCost found{0, l2 > 0 ? 0.5 * l2 / total * backprop.sum_of_squares(parameters, false) : 0};
    backprop.prepare_back(parameters);
    for (std::size_t first = 0; first < examples.rows; first += rows_at_once) {
        const std::size_t count = std::min(rows_at_once, examples.rows - first);
        for (std::size_t row = 0; row < count; ++row) {
            std::copy_n(examples.Y + (first + row) * network.outputs(), network.outputs(), y.get() + row * y_stride);
            const T weight = examples.weights ? examples.weights[first + row] : T(1);
            shares.get()[row] = weight / static_cast<T>(total);
        }
        const Rows<T> rows{examples.X + first * network.inputs(), network.inputs(), y.get(), shares.get(), count};
        backprop.forward(parameters, rows.x, rows.x_stride, count);
        found.cost += backprop.cost(rows);
        for (std::size_t layer = network.layers.size(); layer-- > 0;) {
            if (layer) backprop.back(layer, count);
            backprop.accumulate(layer, rows, slopes, first == 0);
            const std::size_t units = network.layers[layer].units;
            copy_rows(backprop.blame(layer), backprop.stride(layer), count, units, deltas[layer] + first * units);
        }
    }
    if (l2 > 0)
        for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
            auto& own = slopes.layers[layer];
            for (std::size_t at = 0; at < own.inputs * own.stride; ++at)
                own.W.get()[at] += static_cast<T>(l2 / total) * parameters.layers[layer].W.get()[at];
        }
    return found;
}

template struct State<float>;
template struct State<double>;
template class Descent<float>;
template class Descent<double>;
template void predict(const Network&, const Arrays<float>&, const float*, std::size_t, SimdLevel, float*);
template void predict(const Network&, const Arrays<double>&, const double*, std::size_t, SimdLevel, double*);
template void trace(const Network&, const Arrays<float>&, const float*, std::size_t, SimdLevel,
                    const std::vector<float*>&, const std::vector<float*>&);
template void trace(const Network&, const Arrays<double>&, const double*, std::size_t, SimdLevel,
                    const std::vector<double*>&, const std::vector<double*>&);
template StepCost gradients(const Network&, const Arrays<float>&, const Examples<float>&, double, SimdLevel,
                            const std::vector<float*>&, Arrays<float>&);
template StepCost gradients(const Network&, const Arrays<double>&, const Examples<double>&, double, SimdLevel,
                            const std::vector<double*>&, Arrays<double>&);

}  // namespace limpid
