// Rows of an odd number of cache lines, and numbers that come out as they went in.
#include <algorithm>
#include <cstdint>
#include <iterator>

#include "check.hpp"
#include "core/layout.hpp"

using namespace limpid;

template <class T>
static void check_arrays() {
    const Network network{{{3, 5, Activation::relu}, {5, 1, Activation::identity}}, {CostKind::squared_error}};
    Arrays<T> arrays(network), other(network);
    for (auto& layer : arrays.layers) {
        std::vector<T> W(layer.inputs * layer.units), b(layer.units), W_back(W.size()), b_back(b.size());
        for (std::size_t at = 0; at < W.size(); ++at) W[at] = static_cast<T>(at + 1);
        for (std::size_t at = 0; at < b.size(); ++at) b[at] = -static_cast<T>(at + 1);
        layer.read(W.data(), b.data());
        layer.write(W_back.data(), b_back.data());
        CHECK(W == W_back && b == b_back);
        CHECK(layer.W.get()[layer.units] == 0 && layer.W.get()[layer.stride] == W[layer.units]);
    }
    other.add_weights(T(2), arrays);
    CHECK(other.layers[0].W.get()[1] == 4 && other.layers[0].b.get()[0] == 0);
    CHECK(Arrays<T>(network, false).layers[1].b.get()[0] == 0);
    const Weights<T> view = arrays.view();
    for (std::size_t at = 0; at < arrays.layers.size(); ++at) {
        const auto& layer = arrays.layers[at];
        CHECK(view.layers[at].W == layer.W.get() && view.layers[at].b == layer.b.get());
        CHECK(view.layers[at].stride == layer.stride);
    }
}

// Zeros, aligned to whole cache lines, small and large.
template <class T>
static void check_buffer() {
    for (const std::size_t count : {0, 1, 15, 1000, 3'000'000}) {
        const Buffer<T> buffer(count);
        CHECK(reinterpret_cast<std::uintptr_t>(buffer.get()) % cache_line == 0);
        for (std::size_t at = 0; at < count; ++at) CHECK(buffer.get()[at] == 0);
        std::fill_n(buffer.get(), count, T(1));
    }
    CHECK(!Buffer<T>().get());
}

static void check_copy() {
    const float from[] = {1, 2, 9, 3, 4, 9};
    float to[] = {0, 0, 0, 0, 5};
    copy_rows(from, 3, 2, 2, to, 2);
    CHECK(std::equal(std::begin(to), std::end(to), std::begin({1.0f, 2.0f, 3.0f, 4.0f, 5.0f})));
}

int main() {
    for (std::size_t columns = 1; columns < 300; ++columns) {
        CHECK(stride_of<float>(columns) >= columns && stride_of<float>(columns) / 16 % 2 == 1);
        CHECK(stride_of<double>(columns) >= columns && stride_of<double>(columns) / 8 % 2 == 1);
    }
    check_buffer<float>();
    check_buffer<double>();
    check_copy();
    check_arrays<float>();
    check_arrays<double>();
    bool refused = false;
    try {
        Buffer<double>(std::numeric_limits<std::size_t>::max() / 4);
    } catch (const std::bad_alloc&) {
        refused = true;
    }
    CHECK(refused);
    return 0;
}
