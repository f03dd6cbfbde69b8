#include "core/backprop.hpp"

#include <algorithm>
#include <numeric>

#include "core/dropout.hpp"

namespace limpid {

template <class T>
Backprop<T>::Backprop(const Network& network, const Kernels<T>& kernels, const Rooms& rooms)
    : network_(network), kernels_(kernels), output_numbers_(limpid::output_room<T>(network.outputs())) {
    const std::size_t capacity = std::min(rooms.rows, rows_at_once);
    std::size_t widest = 0;
    for (const Layer& layer : network.layers) {
        const std::size_t stride = stride_of<T>(layer.units), inner = rooms_.empty() ? 0 : rooms_.back().stride;
        Room room{layer.inputs, layer.units, stride, Buffer<T>(capacity * stride), {}, {}, {}};
        if (rooms.learns) room.delta = Buffer<T>(capacity * stride), room.transposed = Buffer<T>(layer.units * inner);
        if (rooms.drops && rooms_.size() + 1 < network.layers.size()) room.mask = Buffer<T>(capacity * stride);
        rooms_.push_back(std::move(room));
        widest = std::max(widest, stride);
    }
    output_room_ = Buffer<T>(rooms.members * output_numbers_);
    const auto is_deep = [](const Room& room) { return room.units > part_depth; };
    if (!rooms.learns) return;
    costs_ = Buffer<T>(capacity);
    if (std::any_of(rooms_.begin() + 1, rooms_.end(), is_deep)) waiting_ = Buffer<T>(capacity * widest);
}

template <class T>
void Backprop<T>::forward(const Weights<T>& parameters, const InputBatch<T>& inputs, Range rows,
                          const Dropout& dropout) {
    for (std::size_t number = 0; number < rooms_.size(); ++number) {
        Room& room = rooms_[number];
        const auto& layer = parameters.layers[number];
        const bool last = number + 1 == rooms_.size();
        const std::size_t at = rows.first * room.stride;
        Factors<T> factors{.a = nullptr,
                           .b = layer.W,
                           .a_stride = 0,
                           .b_stride = layer.stride,
                           .rows = rows.count,
                           .columns = room.units,
                           .depth = room.inputs};
        if (number == 0)
            inputs.describe(factors, rows.first);
        else
            factors.a_stride = rooms_[number - 1].stride,
            factors.a = rooms_[number - 1].a.get() + rows.first * factors.a_stride;
        T* const mask = dropout.rate > 0 && !last ? room.mask.get() + at : nullptr;
        if (mask)
            dropout_mask(dropout.rate, dropout.seed, dropout.step, number + 1, dropout.first_row + rows.first,
                         rows.count, room.units, room.stride, mask);
        const Activation activation = last ? Activation::identity : network_.layers[number].activation;
        T* const slope = last || !room.delta.get() ? nullptr : room.delta.get() + at;
        kernels_.layer(factors, layer.b, activation, room.a.get() + at, slope, mask, room.stride);
    }
}

template <class T>
void Backprop<T>::activate_output(Range rows, std::size_t member) {
    const Room& room = rooms_.back();
    kernels_.activate(network_.output(), network_.groups(), room.a.get() + rows.first * room.stride, rows.count,
                      room.units, room.stride, output_room(member));
}

template <class T>
void Backprop<T>::measure(const TargetBatch<T>& targets, Range rows, std::size_t member) {
    const Room& room = rooms_.back();
    const std::size_t at = rows.first * room.stride;
    const Answers<T> answers{.z = room.a.get() + at,
                             .y = targets.y(rows.first),
                             .shares = targets.shares(rows.first),
                             .stride = room.stride,
                             .rows = rows.count,
                             .units = room.units,
                             .output = network_.output(),
                             .cost = network_.cost.view(),
                             .matching = matches(network_.output(), network_.cost.kind),
                             .groups = network_.groups()};
    kernels_.output_cost(answers, room.delta.get() + at, costs_.get() + rows.first, output_room(member));
}

template <class T>
double Backprop<T>::cost(std::size_t rows) const {
    return std::accumulate(costs_.get(), costs_.get() + rows, 0.0,
                           [](double sum, T cost) { return sum + static_cast<double>(cost); });
}

template <class T>
void Backprop<T>::prepare_back(const Arrays<T>& parameters, std::size_t layer, Range inputs, Range units) {
    const auto& own = parameters.layers[layer];
    const std::size_t stride = rooms_[layer - 1].stride;
    kernels_.transpose(own.W.get() + inputs.first * own.stride + units.first, own.stride, inputs.count, units.count,
                       rooms_[layer].transposed.get() + units.first * stride + inputs.first, stride);
}

template <class T>
void Backprop<T>::back(std::size_t layer, Range rows) {
    const Room &room = rooms_[layer], &before = rooms_[layer - 1];
    const std::size_t at = rows.first * before.stride;
    const Factors<T> factors{.a = room.delta.get() + rows.first * room.stride,
                             .b = room.transposed.get(),
                             .a_stride = room.stride,
                             .b_stride = before.stride,
                             .rows = rows.count,
                             .columns = room.inputs,
                             .depth = room.units};
    kernels_.back(factors, before.delta.get() + at, waiting_.get() ? waiting_.get() + at : nullptr, before.stride);
}

template <class T>
Factors<T> Backprop<T>::slope_factors(std::size_t layer, const InputBatch<T>& inputs, Range which,
                                      std::size_t rows) const {
    const Room& room = rooms_[layer];
    Factors<T> factors{.a = nullptr,
                       .b = room.delta.get(),
                       .a_stride = 0,
                       .b_stride = room.stride,
                       .rows = which.count,
                       .columns = room.units,
                       .depth = rows};
    if (layer == 0)
        inputs.describe_transposed(factors, which.first);
    else
        factors.a = rooms_[layer - 1].a.get() + which.first, factors.a_stride = rooms_[layer - 1].stride;
    return factors;
}

template class Backprop<float>;
template class Backprop<double>;

}  // namespace limpid
