#include "bindings/arguments.hpp"

#include <algorithm>
#include <cstdlib>

namespace limpid::bindings {
namespace {

template <class Names>
std::size_t place_of(const std::string& what, const std::string& name, const Names& names) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    throw std::invalid_argument("the native engine has no " + what + " '" + name + "'; engine='reference' may have it");
}

// What kernels count on: a number for all outputs or one for each, and groups that are all of them.
void check_outputs(const Network& made) {
    const std::size_t numbers = made.cost.numbers.size(), outputs = made.outputs();
    const CostKind kind = made.cost.kind;
    if ((kind == CostKind::huber && numbers != 1) || (kind == CostKind::quantile && numbers != 1 && numbers != outputs))
        throw std::invalid_argument("the cost needs a number, or of quantiles one for each output, got " +
                                    std::to_string(numbers) + " for " + std::to_string(outputs) + " outputs");
    std::size_t left = outputs;
    for (const std::size_t size : made.group_sizes) left = size && size <= left ? left - size : outputs + 1;
    if (!made.group_sizes.empty() && (left || made.output() != Activation::softmax))
        throw std::invalid_argument("groups must be all outputs of a softmax");
    if (kind == CostKind::cross_entropy && made.output() != Activation::softmax)
        throw std::invalid_argument("the cost 'cross_entropy' needs a 'softmax' output, got '" +
                                    std::string(activation_names[static_cast<std::size_t>(made.output())]) + "'");
}

// Of the first layer of a network that is else complete.
Embedding embedding(const Network& of, const std::vector<std::pair<std::size_t, std::size_t>>& columns,
                    std::size_t dimensions) {
    const Layer& layer = of.layers[0];
    if (of.layers.size() < 2 || layer.activation != Activation::identity || layer.normalization != Normalization::none)
        throw std::invalid_argument("an embedding must be the first layer of several, 'identity' and not normalised");
    if (columns.empty() || dimensions < 1 || dimensions > layer.units)
        throw std::invalid_argument("an embedding needs columns, and from 1 to " + std::to_string(layer.units) +
                                    " dimensions, got " + std::to_string(columns.size()) + " and " +
                                    std::to_string(dimensions));
    std::vector<Embedding::Column> given;
    std::size_t end = 0, embedded = 0;
    for (const auto& [first, size] : columns) {
        if (!size || first < end || first > layer.inputs || size > layer.inputs - first)
            throw std::invalid_argument("embedded columns must ascend, apart from each other, within " +
                                        std::to_string(layer.inputs) + " inputs, got " + std::to_string(first) + "+" +
                                        std::to_string(size));
        given.push_back({first, size}), end = first + size, embedded += size;
    }
    if (layer.inputs - embedded + columns.size() * dimensions != layer.units)
        throw std::invalid_argument("an embedding of " + std::to_string(columns.size()) + " columns by " +
                                    std::to_string(dimensions) + " does not make " + std::to_string(layer.units) +
                                    " units of " + std::to_string(layer.inputs) + " inputs");
    return Embedding::of(layer.inputs, given, dimensions);
}

}  // namespace

SimdLevel level() {
    const char* wanted = std::getenv("LIMPID_SIMD");
    return choose_simd_level(wanted ? wanted : "");
}

SimdLevel bfloat16_level() {
    const SimdLevel chosen = level();
    const std::vector<SimdLevel> able = bfloat16_levels();
    if (chosen == SimdLevel::avx512 && !able.empty()) return able.back();
    throw std::invalid_argument("bfloat16 products need AVX512-BF16 or AMX-BF16 with AVX-512; in use is " +
                                std::string(name_of(chosen)) + (able.empty() ? ", without them" : ""));
}

void check_number(const char* name, bool fits, const char* needed, double given) {
    if (!fits) throw std::invalid_argument(std::string(name) + " must be " + needed + ", got " + std::to_string(given));
}

Network network(const std::vector<std::size_t>& widths, const std::vector<std::string>& activations,
                const std::string& cost, const std::vector<double>& cost_numbers,
                const std::vector<std::size_t>& groups, const std::vector<std::string>& normalizations,
                const std::vector<std::pair<std::size_t, std::size_t>>& columns, std::size_t dimensions) {
    if (widths.size() < 2 || activations.size() + 1 != widths.size())
        throw std::invalid_argument("a network needs an activation for each of its layers, at least one, got " +
                                    std::to_string(widths.size()) + " widths and " +
                                    std::to_string(activations.size()) + " activations");
    Network made{{}, {static_cast<CostKind>(place_of("cost", cost, cost_names)), cost_numbers}, groups};
    for (std::size_t at = 0; at < activations.size(); ++at) {
        const auto activation = static_cast<Activation>(place_of("activation", activations[at], activation_names));
        made.layers.push_back({widths[at], widths[at + 1], activation});
    }
    for (const std::size_t width : widths)
        if (width < 1 || width >= std::size_t{1} << 31)
            throw std::invalid_argument("widths must be from 1 to 2147483647, got " + std::to_string(width));
    const auto hidden_softmax = [](const Layer& layer) { return layer.activation == Activation::softmax; };
    if (std::any_of(made.layers.begin(), made.layers.end() - 1, hidden_softmax))
        throw std::invalid_argument("a hidden layer cannot use 'softmax'");
    check_outputs(made);
    if (!normalizations.empty() && normalizations.size() + 1 != made.layers.size())
        throw std::invalid_argument("a normalization for each hidden layer is needed, got " +
                                    std::to_string(normalizations.size()) + " for " +
                                    std::to_string(made.layers.size() - 1));
    for (std::size_t at = 0; at < normalizations.size(); ++at)
        made.layers[at].normalization =
            static_cast<Normalization>(place_of("normalization", normalizations[at], normalization_names));
    if (dimensions || !columns.empty()) made.layers[0].embedding = embedding(made, columns, dimensions);
    return made;
}

Optimizer optimizer(const std::string& name, const std::map<std::string, double>& numbers) {
    Optimizer made{.kind = static_cast<OptimizerKind>(place_of("optimizer", name, optimizer_names))};
    double before = 0;
    const std::map<std::string, double*> places = {{"momentum", &made.momentum},
                                                   {"decay", &made.decay},
                                                   {"beta_1", &made.beta_1},
                                                   {"beta_2", &made.beta_2},
                                                   {"epsilon", &made.epsilon},
                                                   {"weight_decay", &made.weight_decay},
                                                   {"epsilon_before_correction", &before}};
    for (const auto& [number, value] : numbers) {
        const auto place = places.find(number);
        if (place == places.end())
            throw std::invalid_argument("the native engine's '" + name + "' knows no number '" + number + "'");
        *place->second = value;
    }
    made.epsilon_before_correction = before != 0;
    return made;
}

// What is fixed in an embedding's W and b.
template <class T>
void check_fixed(const Layer& layer, const T* W, const T* b, T passing, const std::string& name) {
    const auto all_zero = [](const T* from, std::size_t count) {
        return std::all_of(from, from + count, [](T number) { return number == 0; });
    };
    bool fits = all_zero(b, layer.units);
    for (std::size_t input = 0; input < layer.inputs && fits; ++input, W += layer.units) {
        const auto [unit, row] = layer.embedding.places[input];
        const std::size_t end = unit + (row == Embedding::none ? 1 : layer.embedding.dimensions);
        fits =
            all_zero(W, unit) && all_zero(W + end, layer.units - end) && (row != Embedding::none || W[unit] == passing);
    }
    if (!fits)
        throw std::invalid_argument("W1 and b1 of the " + name +
                                    " must be as they are fixed where an embedding learns nothing");
}

template <class T>
Parameters<T>::Parameters(const Network& network, const nb::dict& given, const std::string& name, T passing)
    : network_(network) {
    for (std::size_t at = 0; at < network.layers.size(); ++at) {
        const auto inputs = static_cast<std::ptrdiff_t>(network.layers[at].inputs);
        const auto units = static_cast<std::ptrdiff_t>(network.layers[at].units);
        arrays_.emplace_back();
        const auto find = [&](const std::string& key, std::initializer_list<std::ptrdiff_t> shape) {
            if (!given.contains(key.c_str())) throw std::invalid_argument("the " + name + " lack " + key);
            arrays_[at].push_back(array<T>(given[key.c_str()], key + " of the " + name, shape));
        };
        for (const std::string_view kind : network.layers[at].arrays()) {
            const std::string key = std::string(kind) + std::to_string(at + 1);
            if (arrays_[at].empty())
                find(key, {inputs, units});
            else
                find(key, {units});
        }
    }
    if (network.layers[0].embeds())
        check_fixed(network.layers[0], arrays_[0][0].numbers, arrays_[0][1].numbers, passing, name);
}

template <class T>
Arrays<T> Parameters<T>::copy() const {
    Arrays<T> made(network_);
    for (std::size_t at = 0; at < made.layers.size(); ++at) {
        std::vector<const T*> numbers;
        for (const Array<T>& each : arrays_[at]) numbers.push_back(each.numbers);
        made.layers[at].read(network_.layers[at], numbers.data());
    }
    return made;
}

// An embedding's rows, copied where many read them.
template <class T>
typename Weights<T>::OfLayer embedded(const Layer& layer, const T* W, bool many, std::vector<Buffer<T>>& copies) {
    typename Weights<T>::OfLayer made{W, nullptr, layer.units};
    made.whole = !many;
    if (!many) return made;
    made.stride = stride_of<T>(layer.embedding.dimensions);
    copies.emplace_back(layer.embedding.rows * made.stride);
    copy_learned(layer, W, copies.back().get(), made.stride);
    made.W = copies.back().get();
    return made;
}

template <class T>
Weights<T> Parameters<T>::weights(bool many, std::vector<Buffer<T>>& copies) const {
    Weights<T> made;
    const auto copied = [&](const T* from, std::size_t rows, std::size_t units, std::size_t stride) {
        copies.emplace_back(rows * stride);
        copy_rows(from, units, rows, units, copies.back().get(), stride);
        return copies.back().get();
    };
    for (std::size_t at = 0; at < network_.layers.size(); ++at) {
        if (network_.layers[at].embeds()) {
            made.layers.push_back(embedded(network_.layers[at], arrays_[at][0].numbers, many, copies));
            continue;
        }
        const std::size_t inputs = network_.layers[at].inputs, units = network_.layers[at].units,
                          stride = stride_of<T>(units);
        const bool in_place = units % (cache_line / sizeof(T)) == 0 && !many;
        const auto find = [&](std::size_t place) -> const T* {
            if (place >= arrays_[at].size()) return nullptr;
            const T* numbers = arrays_[at][place].numbers;
            return in_place ? numbers : copied(numbers, place ? 1 : inputs, units, stride);
        };
        made.layers.push_back({find(0), find(1), in_place ? units : stride, find(2), find(3), find(4), find(5)});
    }
    return made;
}

template class Parameters<float>;
template class Parameters<double>;

}  // namespace limpid::bindings
