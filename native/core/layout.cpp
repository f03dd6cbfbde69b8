#include "core/layout.hpp"

#include <algorithm>

namespace limpid {

template <class T>
Arrays<T>::Arrays(const Network& network, bool weights) {
    for (const Layer& layer : network.layers) {
        const std::size_t stride = stride_of<T>(layer.units), rows = weights ? layer.inputs : 0;
        layers.push_back({layer.inputs, layer.units, stride, Buffer<T>(rows * stride), Buffer<T>(stride)});
    }
}

template <class T>
void Arrays<T>::add_weights(T factor, const Arrays& other) {
    for (std::size_t number = 0; number < layers.size(); ++number) {
        const OfLayer& layer = layers[number];
        const T* weights = other.layers[number].W.get();
        for (std::size_t at = 0; at < layer.inputs * layer.stride; ++at) layer.W.get()[at] += factor * weights[at];
    }
}

template <class T>
void Arrays<T>::OfLayer::read(const T* from_W, const T* from_b) {
    copy_rows(from_W, units, inputs, units, W.get(), stride);
    std::copy_n(from_b, units, b.get());
}

template <class T>
void Arrays<T>::OfLayer::write(T* to_W, T* to_b) const {
    copy_rows<T>(W.get(), stride, inputs, units, to_W, units);
    std::copy_n(b.get(), units, to_b);
}

template class Arrays<float>;
template class Arrays<double>;

}  // namespace limpid
