// Rows of an odd number of cache lines, and numbers that come out as they went in.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>

#include "check.hpp"
#include "core/layout.hpp"

using namespace limpid;

template <class T>
static void check_arrays() {
    const Network network{{{3, 5, Activation::relu, Normalization::batch},
                           {5, 2, Activation::relu, Normalization::layer},
                           {2, 1, Activation::identity}},
                          {CostKind::squared_error}};
    Arrays<T> arrays(network), other(network);
    for (std::size_t number = 0; number < arrays.layers.size(); ++number) {
        auto& layer = arrays.layers[number];
        const std::vector<std::string_view> kinds = network.layers[number].arrays();
        CHECK(kinds.size() == (number == 0 ? 6 : number == 1 ? 4 : 2) && kinds.size() == layer.rows().size() + 1);
        std::vector<std::vector<T>> given, back;
        std::vector<const T*> from;
        std::vector<T*> to;
        for (const std::string_view kind : kinds) {
            given.emplace_back(layer.units * (kind == "W" ? layer.inputs : 1)), back.push_back(given.back());
            for (std::size_t at = 0; at < given.back().size(); ++at)
                given.back()[at] = static_cast<T>(at + 10 * given.size());
        }
        for (std::size_t at = 0; at < given.size(); ++at)
            from.push_back(given[at].data()), to.push_back(back[at].data());
        layer.read(network.layers[number], from.data());
        layer.write(network.layers[number], to.data(), T(1));
        CHECK(given == back);
        CHECK(layer.finite());
        for (T* row : layer.rows()) {
            const T last = std::exchange(row[layer.units - 1], std::numeric_limits<T>::infinity());
            CHECK(!layer.finite() && !arrays.finite());
            row[layer.units - 1] = last;
        }
        T& weight = layer.W.get()[(layer.inputs - 1) * layer.stride];
        const T was = std::exchange(weight, std::numeric_limits<T>::quiet_NaN());
        CHECK(!layer.finite() && !arrays.finite());
        weight = was;
        layer.W.get()[layer.units] = std::numeric_limits<T>::infinity();  // what fills a row up does not count
        CHECK(arrays.finite());
        layer.W.get()[layer.units] = 0;
        CHECK(layer.W.get()[layer.units] == 0 && layer.W.get()[layer.stride] == given[0][layer.units]);
        CHECK(layer.b.get()[0] == 20 && (number == 2 || layer.beta.get()[0] == 40));
        CHECK(number || (layer.gamma.get()[1] == 31 && layer.mean.get()[0] == 50 && layer.variance.get()[0] == 60));
    }
    other.add_weights(T(2), arrays);
    CHECK(other.layers[0].W.get()[1] == 22 && other.layers[0].b.get()[0] == 0 && other.layers[0].gamma.get()[0] == 0);
    CHECK(Arrays<T>(network, false).layers[1].b.get()[0] == 0);
    const Weights<T> view = arrays.view();
    for (std::size_t at = 0; at < arrays.layers.size(); ++at) {
        const auto& layer = arrays.layers[at];
        CHECK(view.layers[at].W == layer.W.get() && view.layers[at].b == layer.b.get());
        CHECK(view.layers[at].stride == layer.stride && view.layers[at].gamma == layer.gamma.get());
        CHECK(view.layers[at].mean == layer.mean.get() && view.layers[at].variance == layer.variance.get());
    }
}

// Of an embedding only what is learned is kept; the rest comes out as it is fixed.
template <class T>
static void check_embedding() {
    Layer embeds{6, 8, Activation::identity};
    embeds.embedding = Embedding::of(6, {{1, 2}, {3, 1}, {5, 1}}, 2);
    const Network network{{embeds, {8, 1, Activation::identity}}, {CostKind::squared_error}};
    Arrays<T> arrays(network);
    auto& layer = arrays.layers[0];
    CHECK(layer.inputs == 4 && layer.units == 2 && !layer.b.get() && layer.rows().empty());
    CHECK(!layer.decays() && arrays.layers[1].decays());
    // clang-format off
    const std::vector<T> W = {1, 0, 0, 0, 0, 0, 0, 0,
                              0, 0, 3, 4, 0, 0, 0, 0,
                              0, 0, 5, 6, 0, 0, 0, 0,
                              0, 0, 0, 0, 7, 8, 0, 0,
                              0, 1, 0, 0, 0, 0, 0, 0,
                              0, 0, 0, 0, 0, 0, 9, 2};
    // clang-format on
    const std::vector<T> b(8);
    std::vector<T> W_back(48, T(5)), b_back(8, T(5));
    const T* from[] = {W.data(), b.data()};
    T* to[] = {W_back.data(), b_back.data()};
    layer.read(embeds, from), layer.write(embeds, to, T(1));
    CHECK(W_back == W && b_back == b);
    for (std::size_t row = 0; row < 4; ++row) CHECK(layer.W.get()[row * layer.stride] == T(2 * row + 3));
    layer.write(embeds, to, T(0));
    CHECK(W_back[0] == 0 && W_back[33] == 0 && W_back[10] == 3);
    Arrays<T> sums(network);
    sums.add_weights(T(2), arrays);
    CHECK(sums.layers[0].W.get()[0] == 0);
    CHECK(arrays.view().layers[0].W == layer.W.get() && !arrays.view().layers[0].whole);
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
    check_embedding<float>();
    check_embedding<double>();
    bool refused = false;
    try {
        Buffer<double>(std::numeric_limits<std::size_t>::max() / 4);
    } catch (const std::bad_alloc&) {
        refused = true;
    }
    CHECK(refused);
    return 0;
}
