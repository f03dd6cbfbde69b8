// Networks with something to learn, and what they are compared by.
#pragma once

#include <random>
#include <utility>
#include <vector>

#include "check.hpp"
#include "core/train.hpp"
#include "forms.hpp"

// Layers of these widths, from the inputs to the outputs.
inline limpid::Network network(limpid::Activation hidden, limpid::Activation output, limpid::Cost cost,
                               const std::vector<std::size_t>& widths) {
    limpid::Network made{{}, cost};
    for (std::size_t at = 0; at + 1 < widths.size(); ++at)
        made.layers.push_back({widths[at], widths[at + 1], at + 2 == widths.size() ? output : hidden});
    return made;
}

inline limpid::Network classifier(const std::vector<std::size_t>& widths) {
    return network(limpid::Activation::relu, limpid::Activation::softmax, {limpid::CostKind::cross_entropy}, widths);
}

// The same with all hidden layers normalised.
inline limpid::Network normalized(limpid::Network net, limpid::Normalization kind) {
    for (std::size_t at = 0; at + 1 < net.layers.size(); ++at) net.layers[at].normalization = kind;
    return net;
}

// The same behind an embedding that makes their inputs of these.
inline limpid::Network embedded(limpid::Network net, std::size_t inputs,
                                const std::vector<limpid::Embedding::Column>& columns, std::size_t dimensions) {
    limpid::Layer first{inputs, net.inputs(), limpid::Activation::identity};
    first.embedding = limpid::Embedding::of(inputs, columns, dimensions);
    CHECK(first.units == inputs - first.embedding.rows + columns.size() * dimensions);
    net.layers.insert(net.layers.begin(), first);
    return net;
}

template <class T>
struct Lesson {
    limpid::Network net;
    std::size_t rows;
    Forms<T> X;
    std::vector<T> Y, weights;
    limpid::Arrays<T> start;

    // Of the inputs one in so many is not zero.
    Lesson(limpid::Network given, std::size_t count, unsigned one_in = 1)
        : net(std::move(given)), rows(count), X(count, net.inputs(), one_in), start(net) {
        std::mt19937 random(5);
        std::normal_distribution<T> normal;
        std::uniform_real_distribution<T> uniform(T(0.1), T(1));
        for (std::size_t at = 0; at < rows * net.outputs(); ++at) Y.push_back(uniform(random));
        for (std::size_t at = 0; at < rows; ++at) weights.push_back(uniform(random));
        for (auto& layer : start.layers) {
            for (std::size_t input = 0; input < layer.inputs; ++input)
                for (std::size_t unit = 0; unit < layer.units; ++unit)
                    layer.W.get()[input * layer.stride + unit] =
                        normal(random) / std::sqrt(static_cast<T>(layer.inputs));
            for (std::size_t unit = 0; layer.b.get() && unit < layer.units; ++unit)
                layer.b.get()[unit] = normal(random);
            for (const auto* row : {&layer.gamma, &layer.beta, &layer.mean, &layer.variance})
                for (std::size_t unit = 0; row->get() && unit < layer.units; ++unit) row->get()[unit] = uniform(random);
        }
    }

    limpid::Examples<T> examples(const limpid::Inputs<T>& inputs) const {
        return {inputs, Y.data(), weights.data(), rows};
    }
    limpid::Examples<T> examples() const { return examples(X.plain()); }

    // A copy of the start, with nothing remembered yet.
    limpid::State<T> state(const limpid::Optimizer& optimizer) const {
        limpid::State<T> made{limpid::Arrays<T>(net), {}, 0};
        for (std::size_t at = 0; at < start.layers.size(); ++at) {
            const auto &from = start.layers[at], &to = made.parameters.layers[at];
            std::copy_n(from.W.get(), from.inputs * from.stride, to.W.get());
            for (std::size_t row = 0; row < from.rows().size(); ++row)
                std::copy_n(from.rows()[row], from.stride, to.rows()[row]);
        }
        for (std::size_t slot = 0; slot < optimizer.slots(); ++slot) made.slots.emplace_back(net);
        return made;
    }
};

// All numbers that count, one after the other.
template <class T>
std::vector<double> flat(const limpid::Arrays<T>& arrays) {
    std::vector<double> made;
    for (const auto& layer : arrays.layers) {
        for (std::size_t input = 0; input < layer.inputs; ++input) {
            const T* const row = layer.W.get() + input * layer.stride;
            made.insert(made.end(), row, row + layer.units);
        }
        for (const T* row : layer.rows()) made.insert(made.end(), row, row + layer.units);
    }
    return made;
}

// Room for one array (rows, units) a layer.
template <class T>
struct LayerRooms {
    std::vector<std::vector<T>> rooms;
    std::vector<T*> places;

    LayerRooms(const limpid::Network& net, std::size_t rows) {
        for (const limpid::Layer& layer : net.layers) rooms.emplace_back(rows * layer.units);
        for (auto& room : rooms) places.push_back(room.data());
    }
};
