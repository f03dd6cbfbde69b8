// What a network and a step are, in plain values: the twins of network.py, activations.py, costs.py and optimizers.py.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace limpid {

enum class Activation {
    identity,
    sigmoid,
    tanh,
    relu,
    leaky_relu,
    elu,
    selu,
    gelu,
    silu,
    softplus,
    mish,
    exp,
    softmax
};
inline constexpr std::array<std::string_view, 13> activation_names = {
    "identity", "sigmoid", "tanh",     "relu", "leaky_relu", "elu",    "selu",
    "gelu",     "silu",    "softplus", "mish", "exp",        "softmax"};

enum class CostKind { squared_error, absolute_error, huber, quantile, poisson, cross_entropy, binary_cross_entropy };
inline constexpr std::array<std::string_view, 7> cost_names = {
    "squared_error", "absolute_error", "huber", "quantile", "poisson", "cross_entropy", "binary_cross_entropy"};

// A cost as kernels read it: the number of output u is numbers[u * step].
struct Measure {
    CostKind kind;
    const double* numbers;
    std::size_t step;
};

struct Cost {
    CostKind kind;
    std::vector<double> numbers = {};  // huber's width; a quantile's level, or one for each output

    Measure view() const { return {kind, numbers.data(), numbers.size() > 1}; }
};

// The sizes of groups of outputs that softmax takes together; with none it takes all.
struct Groups {
    const std::size_t* sizes = nullptr;
    std::size_t count = 0;
};

enum class Normalization { none, batch, layer };
inline constexpr std::array<std::string_view, 3> normalization_names = {"none", "batch", "layer"};
inline constexpr double normalization_epsilon = 1e-5;  // beside a variance
inline constexpr double running_share = 0.9;           // of running statistics that stays at each step

// What a first layer does that is an embedding (embedding.py): an input passes on to a unit of its own, or adds its row
// of learned numbers, times the input, to units that it shares with the other inputs of its column.
struct Embedding {
    struct Place {
        std::uint32_t unit, row;  // the first unit, and which row is learned for it
    };
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();  // the row of what passes on

    struct Column {
        std::size_t first, size;  // of its inputs
    };

    std::size_t rows = 0, dimensions = 0;
    std::vector<Place> places = {};  // of each input; rows ascend with the inputs

    // Of columns that ascend, apart from each other, within the inputs.
    static Embedding of(std::size_t inputs, const std::vector<Column>& columns, std::size_t dimensions) {
        Embedding made{.rows = 0, .dimensions = dimensions};
        for (const Column& column : columns) made.rows += column.size;
        std::size_t passed = 0, row = 0, unit = inputs - made.rows;
        const auto pass_on = [&](std::size_t end) {
            while (made.places.size() < end) made.places.push_back({static_cast<std::uint32_t>(passed++), none});
        };
        for (const Column& column : columns) {
            pass_on(column.first);
            for (std::size_t input = 0; input < column.size; ++input)
                made.places.push_back({static_cast<std::uint32_t>(unit), static_cast<std::uint32_t>(row++)});
            unit += dimensions;
        }
        pass_on(inputs);
        return made;
    }
};

// a = f(x W + b), W of shape (inputs, units); where it is normalised, f of what that makes of the sums.
struct Layer {
    std::size_t inputs, units;
    Activation activation;
    Normalization normalization = Normalization::none;
    Embedding embedding = {};

    bool embeds() const { return embedding.dimensions > 0; }
    // The shape of the weights that are kept: of an embedding only what is learned, and no b.
    std::size_t weight_rows() const { return embeds() ? embedding.rows : inputs; }
    std::size_t weight_columns() const { return embeds() ? embedding.dimensions : units; }

    // The arrays that Python knows it by: W (inputs, units), and others of shape (units,).
    std::vector<std::string_view> arrays() const {
        switch (normalization) {
            case Normalization::none:
                return {"W", "b"};
            case Normalization::layer:
                return {"W", "b", "gamma", "beta"};
            case Normalization::batch:
                break;
        }
        return {"W", "b", "gamma", "beta", "mean", "variance"};
    }
};

struct Network {
    std::vector<Layer> layers;
    Cost cost;
    std::vector<std::size_t> group_sizes = {};  // of the outputs

    std::size_t inputs() const { return layers.front().inputs; }
    std::size_t outputs() const { return layers.back().units; }
    Activation output() const { return layers.back().activation; }
    Groups groups() const { return {group_sizes.data(), group_sizes.size()}; }
    // Whether a layer is normalised over batches, so that all rows of one go through together in training.
    bool over_batch() const {
        for (const Layer& layer : layers)
            if (layer.normalization == Normalization::batch) return true;
        return false;
    }
};

// Whether the output activation is the one with which a cost's dC/dz is a - y.
inline bool matches(Activation output, CostKind cost) {
    return (output == Activation::identity && cost == CostKind::squared_error) ||
           (output == Activation::exp && cost == CostKind::poisson) ||
           (output == Activation::softmax && cost == CostKind::cross_entropy) ||
           (output == Activation::sigmoid && cost == CostKind::binary_cross_entropy);
}

enum class OptimizerKind { gradient_descent, momentum, nesterov, rmsprop, adam, adamw, nadam, lion };
inline constexpr std::array<std::string_view, 8> optimizer_names = {
    "gradient_descent", "momentum", "nesterov", "rmsprop", "adam", "adamw", "nadam", "lion"};

// Its numbers; those that a kind has no use for stay as they are here.
struct Optimizer {
    OptimizerKind kind = OptimizerKind::gradient_descent;
    double momentum = 0, decay = 0, beta_1 = 0, beta_2 = 0, epsilon = 0, weight_decay = 0;
    bool epsilon_before_correction = false;

    // How many arrays it remembers for each array of parameters.
    std::size_t slots() const {
        switch (kind) {
            case OptimizerKind::gradient_descent:
                return 0;
            case OptimizerKind::adam:
            case OptimizerKind::adamw:
            case OptimizerKind::nadam:
                return 2;
            default:
                return 1;
        }
    }
};

// How one step is made of one batch (contract.py, StepRule).
struct StepRule {
    Optimizer optimizer;
    std::size_t batch_size = 1;
    double l2 = 0, dropout = 0;
    double clip_norm = std::numeric_limits<double>::infinity(), max_norm = std::numeric_limits<double>::infinity();
    double label_smoothing = 0;
    std::uint64_t seed = 0;
};

}  // namespace limpid
