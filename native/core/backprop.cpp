#include "core/backprop.hpp"

#include <algorithm>

#include "core/dropout.hpp"

namespace limpid {

namespace {

// Units at whose deltas nothing is learned: those that inputs pass on to, as far as they fill cache lines.
std::size_t passed_on(const Layer& layer) {
    constexpr std::size_t whole = cache_line / sizeof(float);
    return layer.embeds() ? (layer.inputs - layer.embedding.rows) / whole * whole : 0;
}

}  // namespace

template <class T>
void normalize(const Kernels<T>& kernels, const Layer& layer, const T* mean, const T* variance, const T* sums,
               std::size_t rows, std::size_t stride, T* normal, T* scales, T* room) {
    if (layer.normalization == Normalization::layer)
        kernels.normalize_rows(sums, rows, layer.units, stride, normal, scales, room);
    else
        kernels.normalize_columns(sums, mean, variance, rows, layer.units, stride, normal);
}

template <class T>
Backprop<T>::Backprop(const Network& network, const Kernels<T>& kernels, const Rooms& rooms)
    : network_(network),
      kernels_(kernels),
      trains_(rooms.trains),
      output_numbers_(limpid::output_room<T>(network.outputs())) {
    std::size_t widest = 0;
    for (const Layer& layer : network.layers) {
        const std::size_t stride = stride_of<T>(layer.units), inner = rooms_.empty() ? 0 : rooms_.back().stride;
        Room room{layer.inputs, layer.units, stride, Buffer<T>(rooms.rows * stride), {}, {}};
        if (rooms.measures && &layer == &network.layers.back()) room.delta = Buffer<T>(rooms.rows * stride);
        if (rooms.learns) room.delta = Buffer<T>(rooms.rows * stride), room.transposed = Buffer<T>(layer.units * inner);
        if (rooms.drops && rooms_.size() + 1 < network.layers.size()) room.mask = Buffer<T>(rooms.rows * stride);
        if (layer.normalization == Normalization::layer)
            output_numbers_ = std::max(output_numbers_, limpid::output_room<T>(layer.units));
        if (layer.normalization != Normalization::none && rooms.learns) make_room_to_normalize(layer, rooms, room);
        rooms_.push_back(std::move(room));
        widest = std::max(widest, stride);
    }
    output_room_ = Buffer<T>(rooms.members * output_numbers_);
    const auto is_deep = [](const Room& room) { return room.units > part_depth; };
    if (rooms.measures || rooms.learns) costs_ = Buffer<T>(rooms.rows);
    if (!rooms.learns) return;
    if (std::any_of(rooms_.begin() + 1, rooms_.end(), is_deep)) waiting_ = Buffer<T>(rooms.rows * widest);
}

template <class T>
void Backprop<T>::make_room_to_normalize(const Layer& layer, const Rooms& rooms, Room& room) const {
    room.normal = Buffer<T>(rooms.rows * room.stride), room.blame = Buffer<T>(rooms.rows * room.stride);
    if (layer.normalization == Normalization::layer) {
        room.scales = Buffer<T>(rooms.rows);
        return;
    }
    for (Buffer<T>* each : {&room.mean, &room.variance, &room.blame_sums, &room.product_sums})
        *each = Buffer<T>(room.stride);
}

template <class T>
bool Backprop<T>::by_batch(std::size_t layer) const {
    return trains_ && network_.layers[layer].normalization == Normalization::batch;
}

template <class T>
void Backprop<T>::forward(const Weights<T>& parameters, const InputBatch<T>& inputs, Range rows, std::size_t member,
                          const Dropout& dropout, std::size_t first, std::size_t end) {
    for (std::size_t step = first; step < end; ++step)
        if (step % 2)
            normalize(step / 2, parameters, rows, member, dropout);
        else
            add_up(step / 2, parameters, inputs, rows, dropout);
}

// What hidden units are multiplied with; null where none are dropped.
template <class T>
T* Backprop<T>::mask(std::size_t layer, Range rows, const Dropout& dropout) {
    if (!(dropout.rate > 0) || layer + 1 == rooms_.size() || network_.layers[layer].embeds()) return nullptr;
    const Room& room = rooms_[layer];
    T* const made = room.mask.get() + rows.first * room.stride;
    dropout_mask(dropout.rate, dropout.seed, dropout.step, layer + 1, dropout.first_row + rows.first, rows.count,
                 room.units, room.stride, made);
    return made;
}

template <class T>
void Backprop<T>::add_up(std::size_t layer, const Weights<T>& parameters, const InputBatch<T>& inputs, Range rows,
                         const Dropout& dropout) {
    const Room& room = rooms_[layer];
    const auto& own = parameters.layers[layer];
    const bool last = layer + 1 == rooms_.size();
    const std::size_t at = rows.first * room.stride;
    if (network_.layers[layer].embeds()) {
        const Embedded<T> embedded{network_.layers[layer].embedding,
                                   inputs.lists(rows.first),
                                   room.units,
                                   room.stride,
                                   own.W,
                                   own.stride,
                                   own.whole};
        kernels_.embed(embedded, rows.count, room.a.get() + at, room.delta.get() ? room.delta.get() + at : nullptr);
        return;
    }
    Factors<T> factors{.a = nullptr,
                       .b = own.W,
                       .a_stride = 0,
                       .b_stride = own.stride,
                       .rows = rows.count,
                       .columns = room.units,
                       .depth = room.inputs};
    if (layer == 0)
        inputs.describe(factors, rows.first);
    else
        factors.a_stride = rooms_[layer - 1].stride,
        factors.a = rooms_[layer - 1].a.get() + rows.first * factors.a_stride;
    if (last || network_.layers[layer].normalization != Normalization::none) {
        kernels_.layer(factors, own.b, Activation::identity, room.a.get() + at, nullptr, nullptr, room.stride);
        return;
    }
    T* const slope = room.delta.get() ? room.delta.get() + at : nullptr;
    kernels_.layer(factors, own.b, network_.layers[layer].activation, room.a.get() + at, slope,
                   mask(layer, rows, dropout), room.stride);
}

template <class T>
void Backprop<T>::normalize(std::size_t number, const Weights<T>& parameters, Range rows, std::size_t member,
                            const Dropout& dropout) {
    const Layer& layer = network_.layers[number];
    if (layer.normalization == Normalization::none) return;
    const Room& room = rooms_[number];
    const auto& own = parameters.layers[number];
    const std::size_t at = rows.first * room.stride;
    const auto here = [&](const Buffer<T>& of, std::size_t from) { return of.get() ? of.get() + from : nullptr; };
    T *const a = room.a.get() + at, *const normal = room.normal.get() ? room.normal.get() + at : a;
    const bool batch = by_batch(number);
    limpid::normalize(kernels_, layer, batch ? room.mean.get() : own.mean, batch ? room.variance.get() : own.variance,
                      static_cast<const T*>(a), rows.count, room.stride, normal, here(room.scales, rows.first),
                      output_room(member));
    kernels_.rescale(layer.activation, normal, own.gamma, own.beta, rows.count, room.units, room.stride, a,
                     here(room.blame, at), mask(number, rows, dropout));
}

template <class T>
void Backprop<T>::activate_output(Range rows, std::size_t member) {
    const Room& room = rooms_.back();
    kernels_.activate(network_.output(), network_.groups(), room.a.get() + rows.first * room.stride, rows.count,
                      room.units, room.stride, output_room(member));
}

template <class T>
void Backprop<T>::measure(const TargetBatch<T>& targets, Range rows, std::size_t member, T scale) {
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
                             .groups = network_.groups(),
                             .scale = scale};
    kernels_.output_cost(answers, room.delta.get() + at, costs_.get() + rows.first, output_room(member));
}

template <class T>
double Backprop<T>::cost(std::size_t rows) const {
    const auto of = [&](std::size_t row) { return static_cast<double>(costs_.get()[row]); };
    double first = 0, second = 0, third = 0, fourth = 0;  // none waits for the row before
    std::size_t row = 0;
    for (; row + 4 <= rows; row += 4)
        first += of(row), second += of(row + 1), third += of(row + 2), fourth += of(row + 3);
    for (; row < rows; ++row) first += of(row);
    return first + second + (third + fourth);
}

template <class T>
void Backprop<T>::prepare_back(const Arrays<T>& parameters, std::size_t layer, Range inputs, Range units) {
    const auto& own = parameters.layers[layer];
    const std::size_t stride = rooms_[layer - 1].stride;
    kernels_.transpose(own.W.get() + inputs.first * own.stride + units.first, own.stride, inputs.count, units.count,
                       rooms_[layer].transposed.get() + units.first * stride + inputs.first, stride);
}

template <class T>
void Backprop<T>::back(const Weights<T>& parameters, const TargetBatch<T>& targets, Range rows, std::size_t member,
                       std::size_t first, std::size_t end) {
    for (std::size_t step = end; step-- > first;)
        if (step % 2)
            back_through_normalization(step / 2, parameters, targets, rows, member);
        else
            back_through_weights(step / 2, rows);
}

// The blame of layer - 1 from the delta of `layer`; in training not of the inputs that an embedding passes on.
template <class T>
void Backprop<T>::back_through_weights(std::size_t layer, Range rows) {
    const Room &room = rooms_[layer], &before = rooms_[layer - 1];
    const std::size_t first = trains_ ? passed_on(network_.layers[layer - 1]) : 0;
    const std::size_t at = rows.first * before.stride + first;
    const Factors<T> factors{.a = room.delta.get() + rows.first * room.stride,
                             .b = room.transposed.get() + first,
                             .a_stride = room.stride,
                             .b_stride = before.stride,
                             .rows = rows.count,
                             .columns = room.inputs - first,
                             .depth = room.units};
    kernels_.back(factors, blame_of(before) + at, waiting_.get() ? waiting_.get() + at : nullptr, before.stride);
}

template <class T>
void Backprop<T>::back_through_normalization(std::size_t layer, const Weights<T>& parameters,
                                             const TargetBatch<T>& targets, Range rows, std::size_t member) {
    const Normalization kind = network_.layers[layer].normalization;
    if (kind == Normalization::none) return;
    const Room& room = rooms_[layer];
    const auto& own = parameters.layers[layer];
    const std::size_t at = rows.first * room.stride;
    T* const delta = room.delta.get() + at;
    const Normalized<T> from{
        room.blame.get() + at, room.normal.get() + at, own.gamma, rows.count, room.units, room.stride};
    if (kind == Normalization::layer)
        kernels_.back_through_rows(from, room.scales.get() + rows.first, delta, output_room(member));
    else if (by_batch(layer))
        kernels_.back_through_columns(from, room.variance.get(), targets.shares(rows.first), room.blame_sums.get(),
                                      room.product_sums.get(), delta);
    else
        kernels_.back_through_columns(from, own.variance, nullptr, nullptr, nullptr, delta);
}

template <class T>
void Backprop<T>::find_moments(std::size_t layer, const TargetBatch<T>& targets, std::size_t rows, Range units) {
    const Room& room = rooms_[layer];
    kernels_.column_moments(room.a.get() + units.first, targets.shares(0), rows, units.count, room.stride,
                            room.mean.get() + units.first, room.variance.get() + units.first);
}

template <class T>
void Backprop<T>::find_sums(std::size_t layer, std::size_t rows, Range units) {
    const Room& room = rooms_[layer];
    const T* const blame = room.blame.get() + units.first;
    kernels_.column_sums(blame, rows, units.count, room.stride, room.blame_sums.get() + units.first, true);
    kernels_.column_products(blame, room.normal.get() + units.first, rows, units.count, room.stride,
                             room.product_sums.get() + units.first, true);
}

template <class T>
void Backprop<T>::sum_slopes(std::size_t layer, std::size_t rows, const typename Arrays<T>::OfLayer& slopes,
                             bool fresh) const {
    const Room& room = rooms_[layer];
    if (network_.layers[layer].embeds()) return;
    if (by_batch(layer)) {  // whose own mean takes b away again: that slope stays 0, to the bit
        std::copy_n(room.blame_sums.get(), room.units, slopes.beta.get());
        std::copy_n(room.product_sums.get(), room.units, slopes.gamma.get());
        return;
    }
    kernels_.column_sums(room.delta.get(), rows, room.units, room.stride, slopes.b.get(), fresh);
    if (!room.blame.get()) return;
    kernels_.column_sums(room.blame.get(), rows, room.units, room.stride, slopes.beta.get(), fresh);
    kernels_.column_products(room.blame.get(), room.normal.get(), rows, room.units, room.stride, slopes.gamma.get(),
                             fresh);
}

template <class T>
void Backprop<T>::keep_moments(const Arrays<T>& parameters, const TargetBatch<T>& targets, std::size_t rows) const {
    const T* const shares = targets.shares(0);
    if (std::all_of(shares, shares + rows, [](T share) { return share == 0; })) return;
    const T stays = static_cast<T>(running_share), comes = static_cast<T>(1 - running_share);
    const auto keep = [&](const Room& room, T* running, const T* batch) {
        for (std::size_t unit = 0; unit < room.units; ++unit)
            running[unit] = stays * running[unit] + comes * batch[unit];
    };
    for (std::size_t layer = 0; layer < rooms_.size(); ++layer) {
        if (!by_batch(layer)) continue;
        const Room& room = rooms_[layer];
        keep(room, parameters.layers[layer].mean.get(), room.mean.get());
        keep(room, parameters.layers[layer].variance.get(), room.variance.get());
    }
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
    if (layer)
        factors.a = rooms_[layer - 1].a.get() + which.first, factors.a_stride = rooms_[layer - 1].stride,
        factors.filled = true;
    else if (!inputs.sparse())
        inputs.describe_transposed(factors, which.first);
    return factors;
}

template void normalize(const Kernels<float>&, const Layer&, const float*, const float*, const float*, std::size_t,
                        std::size_t, float*, float*, float*);
template void normalize(const Kernels<double>&, const Layer&, const double*, const double*, const double*, std::size_t,
                        std::size_t, double*, double*, double*);
template class Backprop<float>;
template class Backprop<double>;

}  // namespace limpid
