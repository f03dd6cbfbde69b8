#include "core/passes.hpp"

#include <algorithm>
#include <atomic>
#include <memory>

#include "core/finite.hpp"

namespace limpid {
namespace {

// Rows go through the layers so many at a time, each time on one thread.
constexpr std::size_t rows_a_piece = 48;

// The place of the first of X's numbers that is not finite, from `row` on for `rows` rows; their end where there is
// none, or they are not such as have to be looked at.
template <class T>
std::size_t first_bad(const Inputs<T>& X, std::size_t inputs, std::size_t row, std::size_t rows) {
    const std::size_t first = row * inputs, count = rows * inputs;
    if (X.sparse()) return first + count;
    return with_numbers(X, [&](const auto* numbers) { return first + first_not_finite(numbers + first, count); });
}

// Calls `use(tools, rows)` for each piece of the rows, with the tools that `make` made for the thread. Returns the
// place of the first number that is not finite: looked for piece by piece, so that memory is read once.
template <class T, class Make, class Use>
std::size_t each_piece(const Network& network, const Inputs<T>& X, std::size_t rows, const Kernels<T>& kernels,
                       std::size_t threads, Make make, Use use) {
    double multiplications = static_cast<double>(rows);
    std::size_t weights = 0;
    for (const Layer& layer : network.layers) weights += layer.weight_rows() * layer.weight_columns();
    multiplications *= static_cast<double>(weights);
    const std::size_t pieces = (rows - 1) / rows_a_piece + 1, room = std::min(rows, rows_a_piece);
    Crew crew(std::min(worthwhile_threads(multiplications, threads), pieces));
    std::vector<std::unique_ptr<InputBatch<T>>> inputs;
    std::vector<decltype(make(room))> tools;
    for (std::size_t member = 0; member < crew.members(); ++member) {
        inputs.push_back(std::make_unique<InputBatch<T>>(X, rows, network.layers[0], room, true, kernels));
        tools.push_back(make(room));
    }
    std::atomic<std::size_t> not_finite = rows * network.inputs();
    crew.share(pieces, [&](std::size_t number, std::size_t member) {
        const FlushToZero flush;
        const std::size_t first = number * rows_a_piece, count = std::min(rows_a_piece, rows - first);
        const std::size_t bad = first_bad(X, network.inputs(), first, count);
        if (bad < (first + count) * network.inputs()) {
            std::size_t before = not_finite;
            while (bad < before && !not_finite.compare_exchange_weak(before, bad)) continue;
            return;
        }
        inputs[member]->begin({nullptr, first, count, count});
        inputs[member]->gather({0, count});
        use(*tools[member], *inputs[member], Range{first, count});
    });
    return not_finite;
}

// The rows of a piece, which came to their last sums, to where the outputs of all rows go.
template <class T>
void write_outputs(const Network& network, Backprop<T>& backprop, Range piece, T* outputs) {
    const std::size_t last = network.layers.size() - 1;
    backprop.activate_output({0, piece.count}, 0);
    copy_rows(backprop.activations(last), backprop.stride(last), piece.count, network.outputs(),
              outputs + piece.first * network.outputs(), network.outputs());
}

}  // namespace

template <class T>
std::size_t predict(const Network& network, const Weights<T>& parameters, const Inputs<T>& X, std::size_t rows,
                    SimdLevel level, std::size_t threads, T* outputs) {
    const Kernels<T>& kernels = kernels_for<T>(level);
    return each_piece(
        network, X, rows, kernels, threads,
        [&](std::size_t room) { return std::make_unique<Backprop<T>>(network, kernels, Rooms{.rows = room}); },
        [&](Backprop<T>& backprop, const InputBatch<T>& inputs, Range piece) {
            backprop.forward(parameters, inputs, {0, piece.count}, 0);
            write_outputs(network, backprop, piece, outputs);
        });
}

template <class T>
std::size_t judge(const Network& network, const Weights<T>& parameters, const Examples<T>& examples, SimdLevel level,
                  std::size_t threads, double* costs, T* outputs) {
    const Kernels<T>& kernels = kernels_for<T>(level);
    const Examples<T> alike{examples.X, examples.Y, nullptr, examples.rows};
    struct Tools {
        Backprop<T> backprop;
        TargetBatch<T> targets;
    };
    return each_piece(
        network, examples.X, examples.rows, kernels, threads,
        [&](std::size_t room) {
            return std::make_unique<Tools>(Backprop<T>(network, kernels, Rooms{.rows = room, .measures = true}),
                                           TargetBatch<T>(network, alike, room, 0));
        },
        [&](Tools& tools, const InputBatch<T>& inputs, Range piece) {
            tools.targets.gather({nullptr, piece.first, piece.count, piece.count}, {0, piece.count}, 1);
            tools.backprop.forward(parameters, inputs, {0, piece.count}, 0);
            tools.backprop.measure(tools.targets, {0, piece.count}, 0);
            std::copy_n(tools.backprop.costs(), piece.count, costs + piece.first);
            write_outputs(network, tools.backprop, piece, outputs);
        });
}

template <class T>
std::size_t trace(const Network& network, const Weights<T>& parameters, const Inputs<T>& X, std::size_t rows,
                  SimdLevel level, std::size_t threads, const std::vector<T*>& z, const std::vector<T*>& a) {
    const Kernels<T>& kernels = kernels_for<T>(level);
    std::size_t widest = 0;
    for (const Layer& layer : network.layers) widest = std::max(widest, stride_of<T>(layer.units));
    struct Room {
        Buffer<T> sums, outputs;
    };
    return each_piece(
        network, X, rows, kernels, threads,
        [&](std::size_t room) {
            return std::make_unique<Room>(Buffer<T>(room * widest), Buffer<T>(output_room<T>(widest)));
        },
        [&](const Room& room, const InputBatch<T>& inputs, Range piece) {
            T* const sums = room.sums.get();
            for (std::size_t number = 0; number < network.layers.size(); ++number) {
                const Layer& layer = network.layers[number];
                const auto& own = parameters.layers[number];
                const std::size_t at = piece.first * layer.units, stride = stride_of<T>(layer.units);
                Factors<T> factors{.a = number ? a[number - 1] + piece.first * layer.inputs : nullptr,
                                   .b = own.W,
                                   .a_stride = layer.inputs,
                                   .b_stride = own.stride,
                                   .rows = piece.count,
                                   .columns = layer.units,
                                   .depth = layer.inputs};
                if (number == 0) inputs.describe(factors, 0);
                if (layer.embeds())
                    kernels.embed({layer.embedding, factors.lists, layer.units, stride, own.W, own.stride, own.whole},
                                  piece.count, sums, nullptr);
                else
                    kernels.layer(factors, own.b, Activation::identity, sums, nullptr, nullptr, stride);
                if (layer.normalization != Normalization::none) {
                    normalize(kernels, layer, own.mean, own.variance, static_cast<const T*>(sums), piece.count, stride,
                              sums, static_cast<T*>(nullptr), room.outputs.get());
                    kernels.rescale(Activation::identity, sums, own.gamma, own.beta, piece.count, layer.units, stride,
                                    sums, nullptr, nullptr);
                }
                copy_rows<T>(sums, stride, piece.count, layer.units, z[number] + at, layer.units);
                kernels.activate(layer.activation, network.groups(), sums, piece.count, layer.units, stride,
                                 room.outputs.get());
                copy_rows<T>(sums, stride, piece.count, layer.units, a[number] + at, layer.units);
            }
        });
}

template <class T>
BatchCost gradients(const Network& network, const Arrays<T>& parameters, const Examples<T>& examples, double l2,
                    SimdLevel level, std::size_t threads, const std::vector<T*>& deltas, Arrays<T>& slopes) {
    const FlushToZero flush;
    Sweep<T> sweep(network, examples, std::min(examples.rows, rows_at_once), 0, false, false, level, threads);
    Crew crew(sweep.members());
    const double total = sweep.weigh({nullptr, 0, examples.rows, examples.rows});
    BatchCost found{0, l2 != 0 ? 0.5 * l2 / total * sweep.sum_of_squares(crew, parameters, false) : 0};
    sweep.prepare(crew, parameters);
    for (std::size_t first = 0; first < examples.rows; first += rows_at_once) {
        const std::size_t count = std::min(rows_at_once, examples.rows - first);
        found.cost += sweep.there_and_back(crew, {nullptr, first, count, count}, total, {});
        sweep.each_part(crew, [&](std::size_t layer, Range inputs, std::size_t member) {
            const auto& own = slopes.layers[layer];
            sweep.accumulate(layer, inputs, own.W.get() + inputs.first * own.stride, first == 0, member);
            if (inputs.first == 0) sweep.sum_slopes(layer, own, first == 0);
        });
        for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
            const std::size_t units = network.layers[layer].units;
            copy_rows(sweep.blame(layer), sweep.stride(layer), count, units, deltas[layer] + first * units, units);
        }
    }
    if (l2 != 0) slopes.add_weights(static_cast<T>(l2 / total), parameters);
    return found;
}

template std::size_t predict(const Network&, const Weights<float>&, const Inputs<float>&, std::size_t, SimdLevel,
                             std::size_t, float*);
template std::size_t predict(const Network&, const Weights<double>&, const Inputs<double>&, std::size_t, SimdLevel,
                             std::size_t, double*);
template std::size_t judge(const Network&, const Weights<float>&, const Examples<float>&, SimdLevel, std::size_t,
                           double*, float*);
template std::size_t judge(const Network&, const Weights<double>&, const Examples<double>&, SimdLevel, std::size_t,
                           double*, double*);
template std::size_t trace(const Network&, const Weights<float>&, const Inputs<float>&, std::size_t, SimdLevel,
                           std::size_t, const std::vector<float*>&, const std::vector<float*>&);
template std::size_t trace(const Network&, const Weights<double>&, const Inputs<double>&, std::size_t, SimdLevel,
                           std::size_t, const std::vector<double*>&, const std::vector<double*>&);
template BatchCost gradients(const Network&, const Arrays<float>&, const Examples<float>&, double, SimdLevel,
                             std::size_t, const std::vector<float*>&, Arrays<float>&);
template BatchCost gradients(const Network&, const Arrays<double>&, const Examples<double>&, double, SimdLevel,
                             std::size_t, const std::vector<double*>&, Arrays<double>&);

}  // namespace limpid
