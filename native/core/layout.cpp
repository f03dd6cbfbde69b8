#include "core/layout.hpp"

#include <algorithm>
#include <cstring>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace limpid {
namespace {

constexpr std::size_t large_page = std::size_t{1} << 21;

std::align_val_t alignment_of(std::size_t bytes) {
    return std::align_val_t{bytes < 2 * large_page ? cache_line : large_page};
}

}  // namespace

void* allocate(std::size_t bytes) {
    void* const memory = ::operator new[](bytes, alignment_of(bytes));
#if defined(__linux__)
    if (bytes >= 2 * large_page) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    std::memset(memory, 0, bytes);
    return memory;
}

void release(void* memory, std::size_t bytes) { ::operator delete[](memory, alignment_of(bytes)); }

template <class T>
Arrays<T>::Arrays(const Network& network, bool weights) {
    for (const Layer& layer : network.layers) {
        const std::size_t stride = stride_of<T>(layer.units), rows = weights ? layer.inputs : 0;
        layers.push_back({layer.inputs, layer.units, stride, Buffer<T>(rows * stride), Buffer<T>(stride)});
    }
}

template <class T>
Weights<T> Arrays<T>::view() const {
    Weights<T> made;
    for (const OfLayer& layer : layers) made.layers.push_back({layer.W.get(), layer.b.get(), layer.stride});
    return made;
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
