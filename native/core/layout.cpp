#include "core/layout.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/finite.hpp"
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
        const std::size_t columns = layer.weight_columns(), stride = stride_of<T>(columns);
        const std::size_t rows = layer.weight_rows();
        OfLayer made{rows, columns, stride, Buffer<T>(weights ? rows * stride : 0), {}, {}, {}, {}, {}};
        if (!layer.embeds()) made.b = Buffer<T>(stride);
        if (layer.normalization != Normalization::none) made.gamma = Buffer<T>(stride), made.beta = Buffer<T>(stride);
        if (layer.normalization == Normalization::batch)
            made.mean = Buffer<T>(stride), made.variance = Buffer<T>(stride);
        layers.push_back(std::move(made));
    }
}

template <class T>
void copy_learned(const Layer& layer, const T* W, T* to, std::size_t stride) {
    for (std::size_t input = 0; input < layer.inputs; ++input)
        if (const auto [unit, row] = layer.embedding.places[input]; row != Embedding::none)
            std::copy_n(W + input * layer.units + unit, layer.embedding.dimensions, to + row * stride);
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
        if (!layer.decays()) continue;
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
bool Arrays<T>::OfLayer::finite() const {
    const auto all_are = [&](const T* row) { return first_not_finite(row, units) == units; };
    for (std::size_t input = 0; input < inputs; ++input)
        if (!all_are(W.get() + input * stride)) return false;
    const auto others = rows();
    return std::all_of(others.begin(), others.end(), all_are);
}

template <class T>
bool Arrays<T>::finite() const {
    return std::all_of(layers.begin(), layers.end(), [](const OfLayer& layer) { return layer.finite(); });
}

template <class T>
void Arrays<T>::OfLayer::read(const Layer& layer, const T* const* from) {
    if (layer.embeds()) return copy_learned(layer, *from, W.get(), stride);
    copy_rows(*from, units, inputs, units, W.get(), stride);
    for (T* row : rows()) std::copy_n(*++from, units, row);
}

template <class T>
void Arrays<T>::OfLayer::write(const Layer& layer, T* const* to, T passing) const {
    if (layer.embeds()) {
        std::fill_n(to[0], layer.inputs * layer.units, T(0)), std::fill_n(to[1], layer.units, T(0));
        for (std::size_t input = 0; input < layer.inputs; ++input) {
            const auto [unit, row] = layer.embedding.places[input];
            T* const there = to[0] + input * layer.units + unit;
            if (row == Embedding::none)
                *there = passing;
            else
                std::copy_n(W.get() + row * stride, units, there);
        }
        return;
    }
    copy_rows<T>(W.get(), stride, inputs, units, *to, units);
    for (const T* row : rows()) std::copy_n(row, units, *++to);
}

template void copy_learned(const Layer&, const float*, float*, std::size_t);
template void copy_learned(const Layer&, const double*, double*, std::size_t);
template class Arrays<float>;
template class Arrays<double>;

}  // namespace limpid
