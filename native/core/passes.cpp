#include "core/passes.hpp"

#include <algorithm>

namespace limpid {
namespace {

// Calls `use` with the first row and the number of rows of each part that goes through the layers together.
template <class Use>
void each_part(std::size_t rows, Use use) {
    for (std::size_t first = 0; first < rows; first += rows_at_once) use(first, std::min(rows_at_once, rows - first));
}

}  // namespace

template <class T>
void predict(const Network& network, const Arrays<T>& parameters, const T* X, std::size_t rows, SimdLevel level,
             T* outputs) {
    const FlushToZero flush;
    Backprop<T> backprop(network, kernels_for<T>(level), rows, false);
    const std::size_t last = network.layers.size() - 1;
    each_part(rows, [&](std::size_t first, std::size_t count) {
        backprop.forward(parameters, {X + first * network.inputs(), network.inputs(), nullptr, nullptr, count});
        backprop.activate_output(count);
        copy_rows(backprop.activations(last), backprop.stride(last), count, network.outputs(),
                  outputs + first * network.outputs(), network.outputs());
    });
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
        const Buffer<T> room(std::min(rows, rows_at_once) * own.stride);
        each_part(rows, [&](std::size_t first, std::size_t count) {
            const Factors<T> factors{.a = x + first * layer.inputs,
                                     .b = own.W.get(),
                                     .a_stride = layer.inputs,
                                     .b_stride = own.stride,
                                     .rows = count,
                                     .columns = layer.units,
                                     .depth = layer.inputs};
            kernels.layer(factors, own.b.get(), Activation::identity, room.get(), nullptr, nullptr, own.stride);
            copy_rows<T>(room.get(), own.stride, count, layer.units, z[number] + first * layer.units, layer.units);
            kernels.activate(layer.activation, room.get(), count, layer.units, own.stride);
            copy_rows<T>(room.get(), own.stride, count, layer.units, a[number] + first * layer.units, layer.units);
        });
    }
}

template <class T>
BatchCost gradients(const Network& network, const Arrays<T>& parameters, const Examples<T>& examples, double l2,
                    SimdLevel level, const std::vector<T*>& deltas, Arrays<T>& slopes) {
    const FlushToZero flush;
    Backprop<T> backprop(network, kernels_for<T>(level), examples.rows, true);
    Batch<T> batch(network, examples, examples.rows, 0);
    const double total = batch.weigh(nullptr, examples.rows);
    BatchCost found{0, l2 != 0 ? 0.5 * l2 / total * backprop.sum_of_squares(parameters, false) : 0};
    backprop.prepare_back(parameters);
    each_part(examples.rows, [&](std::size_t first, std::size_t count) {
        const Rows<T> rows = batch.gather(nullptr, first, count, total);
        backprop.forward(parameters, rows);
        found.cost += backprop.cost(rows);
        for (std::size_t layer = network.layers.size(); layer-- > 0;) {
            if (layer) backprop.back(layer, count);
            backprop.accumulate(layer, rows, slopes, first == 0);
            const std::size_t units = network.layers[layer].units;
            copy_rows(backprop.delta(layer), backprop.stride(layer), count, units, deltas[layer] + first * units,
                      units);
        }
    });
    if (l2 != 0) slopes.add_weights(static_cast<T>(l2 / total), parameters);
    return found;
}

template void predict(const Network&, const Arrays<float>&, const float*, std::size_t, SimdLevel, float*);
template void predict(const Network&, const Arrays<double>&, const double*, std::size_t, SimdLevel, double*);
template void trace(const Network&, const Arrays<float>&, const float*, std::size_t, SimdLevel,
                    const std::vector<float*>&, const std::vector<float*>&);
template void trace(const Network&, const Arrays<double>&, const double*, std::size_t, SimdLevel,
                    const std::vector<double*>&, const std::vector<double*>&);
template BatchCost gradients(const Network&, const Arrays<float>&, const Examples<float>&, double, SimdLevel,
                             const std::vector<float*>&, Arrays<float>&);
template BatchCost gradients(const Network&, const Arrays<double>&, const Examples<double>&, double, SimdLevel,
                             const std::vector<double*>&, Arrays<double>&);

}  // namespace limpid
