#include "core/backprop.hpp"

#include <algorithm>

#include "core/dropout.hpp"

namespace limpid {

template <class T>
Backprop<T>::Backprop(const Network& network, const Kernels<T>& kernels, std::size_t rows, bool learns)
    : network_(network), kernels_(kernels), capacity_(std::min(rows, rows_at_once)) {
    std::size_t widest = 0;
    for (const Layer& layer : network.layers) {
        const std::size_t stride = stride_of<T>(layer.units), inner = rooms_.empty() ? 0 : rooms_.back().stride;
        Room room{layer.inputs, layer.units, stride, Buffer<T>(capacity_ * stride), {}, {}, {}};
        if (learns) room.delta = Buffer<T>(capacity_ * stride), room.transposed = Buffer<T>(layer.units * inner);
        rooms_.push_back(std::move(room));
        widest = std::max(widest, stride);
    }
    columns_ = Buffer<T>(widest);
    const auto is_deep = [](const Room& room) { return room.units > part_depth; };
    if (learns && std::any_of(rooms_.begin() + 1, rooms_.end(), is_deep)) waiting_ = Buffer<T>(capacity_ * widest);
}

template <class T>
void Backprop<T>::forward(const Arrays<T>& parameters, const Rows<T>& rows, const Dropout& dropout) {
    const T* x = rows.x;
    std::size_t x_stride = rows.x_stride;
    Places occupied = rows.occupied ? rows.occupied->by_rows() : Places{};
    for (std::size_t number = 0; number < rooms_.size(); ++number) {
        Room& room = rooms_[number];
        const auto& layer = parameters.layers[number];
        const bool last = number + 1 == rooms_.size();
        const T* mask = nullptr;
        if (dropout.rate > 0 && !last) {
            if (!room.mask.get()) room.mask = Buffer<T>(capacity_ * room.stride);
            dropout_mask(dropout.rate, dropout.seed, dropout.step, number + 1, dropout.first_row, rows.count,
                         room.units, room.stride, room.mask.get());
            mask = room.mask.get();
        }
        const Factors<T> factors{.a = x,
                                 .b = layer.W.get(),
                                 .a_stride = x_stride,
                                 .b_stride = layer.stride,
                                 .rows = rows.count,
                                 .columns = room.units,
                                 .depth = room.inputs,
                                 .occupied = occupied};
        const Activation activation = last ? Activation::identity : network_.layers[number].activation;
        kernels_.layer(factors, layer.b.get(), activation, room.a.get(), last ? nullptr : room.delta.get(), mask,
                       room.stride);
        x = room.a.get(), x_stride = room.stride, occupied = {};
    }
}

template <class T>
void Backprop<T>::activate_output(std::size_t rows) {
    const Room& room = rooms_.back();
    kernels_.activate(network_.output(), room.a.get(), rows, room.units, room.stride);
}

template <class T>
double Backprop<T>::cost(const Rows<T>& rows) {
    const Room& room = rooms_.back();
    const Answers<T> answers{.z = room.a.get(),
                             .y = rows.y,
                             .shares = rows.shares,
                             .stride = room.stride,
                             .rows = rows.count,
                             .units = room.units,
                             .output = network_.output(),
                             .cost = network_.cost,
                             .matching = matches(network_.output(), network_.cost.kind)};
    return kernels_.output_cost(answers, room.delta.get(), columns_.get());
}

template <class T>
void Backprop<T>::prepare_back(const Arrays<T>& parameters) {
    for (std::size_t number = 1; number < rooms_.size(); ++number) {
        const auto& layer = parameters.layers[number];
        const std::size_t stride = rooms_[number - 1].stride;
        constexpr std::size_t block = 16;  // so many rows of W at a time stay in the nearest cache
        for (std::size_t first = 0; first < layer.inputs; first += block)
            for (std::size_t unit = 0; unit < layer.units; ++unit)
                for (std::size_t input = first; input < std::min(first + block, layer.inputs); ++input)
                    rooms_[number].transposed.get()[unit * stride + input] = layer.W.get()[input * layer.stride + unit];
    }
}

template <class T>
void Backprop<T>::back(std::size_t layer, std::size_t rows) {
    const Room &room = rooms_[layer], &before = rooms_[layer - 1];
    const Factors<T> factors{
        room.delta.get(), room.transposed.get(), room.stride, stride_of<T>(room.inputs), rows, room.inputs, room.units};
    kernels_.back(factors, before.delta.get(), waiting_.get(), before.stride);
}

template <class T>
Factors<T> Backprop<T>::slope_factors(std::size_t layer, const Rows<T>& rows) const {
    const Room& room = rooms_[layer];
    const T* x = layer ? rooms_[layer - 1].a.get() : rows.x;
    const std::size_t x_stride = layer ? rooms_[layer - 1].stride : rows.x_stride;
    const Places occupied = !layer && rows.occupied ? rows.occupied->by_inputs() : Places{};
    return {.a = x,
            .b = room.delta.get(),
            .a_stride = x_stride,
            .b_stride = room.stride,
            .rows = room.inputs,
            .columns = room.units,
            .depth = rows.count,
            .occupied = occupied};
}

template <class T>
void Backprop<T>::accumulate(std::size_t layer, const Rows<T>& rows, Arrays<T>& slopes, bool fresh) const {
    kernels_.accumulate(slope_factors(layer, rows), slopes.layers[layer].W.get(), rooms_[layer].stride, fresh);
    accumulate_bias(layer, rows.count, slopes, fresh);
}

template <class T>
void Backprop<T>::accumulate_bias(std::size_t layer, std::size_t rows, Arrays<T>& slopes, bool fresh) const {
    const Room& room = rooms_[layer];
    kernels_.column_sums(room.delta.get(), rows, room.units, room.stride, slopes.layers[layer].b.get(), fresh);
}

template <class T>
double Backprop<T>::sum_of_squares(const Arrays<T>& arrays, bool biases) const {
    double sum = 0;
    for (const auto& layer : arrays.layers) {
        sum += kernels_.sum_of_squares(layer.W.get(), layer.inputs, layer.units, layer.stride, columns_.get());
        if (biases) sum += kernels_.sum_of_squares(layer.b.get(), 1, layer.units, layer.stride, columns_.get());
    }
    return sum;
}

template class Backprop<float>;
template class Backprop<double>;

}  // namespace limpid
