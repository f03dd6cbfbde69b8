#include "core/layout.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
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
        OfLayer made{layer.inputs, layer.units, stride, Buffer<T>(rows * stride), Buffer<T>(stride), {}, {}, {}, {}};
        if (layer.normalization != Normalization::none) made.gamma = Buffer<T>(stride), made.beta = Buffer<T>(stride);
        if (layer.normalization == Normalization::batch)
            made.mean = Buffer<T>(stride), made.variance = Buffer<T>(stride);
        layers.push_back(std::move(made));
    }
}

template <class T>
Weights<T> Arrays<T>::view() const {
    Weights<T> made;
    for (const OfLayer& layer : layers)
        made.layers.push_back({layer.W.get(), layer.b.get(), layer.stride, layer.gamma.get(), layer.beta.get(),
                               layer.mean.get(), layer.variance.get()});
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
std::vector<T*> Arrays<T>::OfLayer::rows() const {
    std::vector<T*> made;
    for (const Buffer<T>* each : {&b, &gamma, &beta, &mean, &variance})
        if (each->get()) made.push_back(each->get());
    return made;
}

template <class T>
void Arrays<T>::OfLayer::read(const T* const* from) {
    copy_rows(*from, units, inputs, units, W.get(), stride);
    for (T* row : rows()) std::copy_n(*++from, units, row);
}

template <class T>
void Arrays<T>::OfLayer::write(T* const* to) const {
    copy_rows<T>(W.get(), stride, inputs, units, *to, units);
    for (const T* row : rows()) std::copy_n(row, units, *++to);
}

template class Arrays<float>;
template class Arrays<double>;

}  // namespace limpid
