// Trains a few batches of one workload, with AVX2 on one thread, for a program that counts instructions to look on:
// `count_steps WORKLOAD STEPS`. Without arguments it names its compiler and then, a line each, the workloads.
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/train.hpp"

using namespace limpid;

namespace {

// Xorshift (Marsaglia 2003): the same numbers with every library.
class Random {
   public:
    std::uint32_t below(std::uint32_t end) {
        state_ ^= state_ << 13, state_ ^= state_ >> 7, state_ ^= state_ << 17;
        return static_cast<std::uint32_t>((state_ >> 32) * end >> 32);
    }
    float uniform() { return static_cast<float>(below(1 << 24)) / (1 << 24); }

   private:
    std::uint64_t state_ = 0x9E3779B97F4A7C15;
};

// Rows as they are met in training: dense, or with `starts` and `places` compressed.
struct Rows {
    std::vector<float> numbers;
    std::vector<std::int32_t> starts, places;

    Inputs<float> view() const {
        Inputs<float> made{Number::float32, numbers.data()};
        if (!starts.empty()) made.starts = starts.data(), made.places = places.data();
        return made;
    }
    void add(std::size_t place, float number) {
        places.push_back(static_cast<std::int32_t>(place)), numbers.push_back(number);
    }
    void end_row() { starts.push_back(static_cast<std::int32_t>(numbers.size())); }
};

// 28 x 28 pixels with a stroke: 20 lines of them with 4 to 11 pixels in a row that are not zero.
Rows pictures(Random& random, std::size_t rows, std::size_t) {
    Rows made{std::vector<float>(rows * 784), {}, {}};
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t line = 4; line < 24; ++line) {
            const std::size_t first = 5 + random.below(10), count = 4 + random.below(8);
            for (std::size_t pixel = first; pixel < first + count; ++pixel)
                made.numbers[row * 784 + line * 28 + pixel] = (1 + static_cast<float>(random.below(255))) / 256;
        }
    return made;
}

Rows full(Random& random, std::size_t rows, std::size_t inputs) {
    Rows made{std::vector<float>(rows * inputs), {}, {}};
    for (float& number : made.numbers) number = random.uniform() + 0x1p-25f;
    return made;
}

Rows half_zeros(Random& random, std::size_t rows, std::size_t inputs) {
    Rows made = full(random, rows, inputs);
    for (float& number : made.numbers)
        if (random.below(2)) number = 0;
    return made;
}

// A table of 6 numbers and 8 categories, one-hot.
Rows categories(Random& random, std::size_t rows, std::size_t inputs) {
    Rows made;
    made.end_row();
    for (std::size_t row = 0; row < rows; ++row, made.end_row()) {
        for (std::size_t place = 0; place < 6; ++place) made.add(place, random.uniform() - 0.5f);
        const std::size_t of_each = (inputs - 6) / 8;
        for (std::size_t category = 0; category < 8; ++category)
            made.add(6 + category * of_each + random.below(static_cast<std::uint32_t>(of_each)), 1);
    }
    return made;
}

// 100 words of so many.
Rows words(Random& random, std::size_t rows, std::size_t inputs) {
    Rows made;
    made.end_row();
    for (std::size_t row = 0; row < rows; ++row, made.end_row())
        for (std::size_t word = 0; word < 100; ++word)
            made.add(word * (inputs / 100) + random.below(static_cast<std::uint32_t>(inputs / 100)), random.uniform());
    return made;
}

struct Workload {
    std::string_view name;
    std::vector<std::size_t> widths;
    std::size_t batch;
    Rows (*inputs)(Random&, std::size_t rows, std::size_t inputs);
    Activation hidden = Activation::relu, output = Activation::softmax;
    CostKind cost = CostKind::cross_entropy;
    OptimizerKind optimizer = OptimizerKind::adam;
    Normalization normalization = Normalization::none;
    std::size_t dimensions = 0;  // of an embedding of the 8 columns of `categories`
};

const std::vector<Workload> workloads = {{"mnist 784-128-10, batch 128", {784, 128, 10}, 128, pictures},
                                         {"textbook 784-30-10, batch 10",
                                          {784, 30, 10},
                                          10,
                                          pictures,
                                          Activation::sigmoid,
                                          Activation::sigmoid,
                                          CostKind::squared_error,
                                          OptimizerKind::gradient_descent},
                                         {"digits 64-32-10, batch 32", {64, 32, 10}, 32, half_zeros},
                                         {"mnist_deep 784-512-512-10, batch 128", {784, 512, 512, 10}, 128, pictures},
                                         {"full_batch 4-32-16-4, batch 10000",
                                          {4, 32, 16, 4},
                                          10'000,
                                          full,
                                          Activation::relu,
                                          Activation::identity,
                                          CostKind::squared_error},
                                         {"wide 512-512-512-256, batch 64", {512, 512, 512, 256}, 64, full},
                                         {"adult 108-64-32-2, batch 256, sparse", {108, 64, 32, 2}, 256, categories},
                                         {"sparse 20000-64-2, batch 256", {20'000, 64, 2}, 256, words},
                                         {"over_batch 64-128-64-10, batch 128",
                                          {64, 128, 64, 10},
                                          128,
                                          full,
                                          Activation::relu,
                                          Activation::softmax,
                                          CostKind::cross_entropy,
                                          OptimizerKind::adam,
                                          Normalization::batch},
                                         {"over_layer 64-128-64-10, batch 128",
                                          {64, 128, 64, 10},
                                          128,
                                          full,
                                          Activation::relu,
                                          Activation::softmax,
                                          CostKind::cross_entropy,
                                          OptimizerKind::adam,
                                          Normalization::layer},
                                         {"adult 108>76-64-32-2, batch 256, sparse, embedded",
                                          {108, 76, 64, 32, 2},
                                          256,
                                          categories,
                                          Activation::relu,
                                          Activation::softmax,
                                          CostKind::cross_entropy,
                                          OptimizerKind::adam,
                                          Normalization::none,
                                          8}};

Network network_of(const Workload& workload) {
    Network made{{}, {workload.cost}};
    const std::size_t layers = workload.widths.size() - 1;
    for (std::size_t at = 0; at < layers; ++at) {
        const bool last = at + 1 == layers;
        made.layers.push_back({workload.widths[at], workload.widths[at + 1], last ? workload.output : workload.hidden,
                               last ? Normalization::none : workload.normalization});
    }
    if (!workload.dimensions) return made;
    Layer& first = made.layers.front();
    const std::size_t of_each = (first.inputs - 6) / 8;
    std::vector<Embedding::Column> columns;
    for (std::size_t column = 0; column < 8; ++column) columns.push_back({6 + column * of_each, of_each});
    first.activation = Activation::identity;
    first.embedding = Embedding::of(first.inputs, columns, workload.dimensions);
    return made;
}

State<float> start_of(const Network& network, const Optimizer& optimizer, Random& random) {
    State<float> made{Arrays<float>(network), {}, 0};
    for (const auto& layer : made.parameters.layers) {
        for (const auto* ones : {&layer.gamma, &layer.variance})
            if (ones->get()) std::fill_n(ones->get(), layer.units, 1.0f);
        for (std::size_t input = 0; input < layer.inputs; ++input)
            for (std::size_t unit = 0; unit < layer.units; ++unit)
                layer.W.get()[input * layer.stride + unit] = (random.uniform() - 0.5f) / 8;
    }
    for (std::size_t slot = 0; slot < optimizer.slots(); ++slot) made.slots.emplace_back(network);
    return made;
}

// Of each row one output is wanted.
std::vector<float> targets(Random& random, std::size_t rows, std::size_t outputs) {
    std::vector<float> made(rows * outputs);
    for (std::size_t row = 0; row < rows; ++row)
        made[row * outputs + random.below(static_cast<std::uint32_t>(outputs))] = 1;
    return made;
}

double train(const Workload& workload, std::size_t steps) {
    Random random;
    const Network network = network_of(workload);
    const std::size_t rows = workload.batch;  // each step meets them all, in another order
    const Rows X = workload.inputs(random, rows, network.inputs());
    const std::vector<float> Y = targets(random, rows, network.outputs());
    const StepRule rule{.optimizer = {workload.optimizer, 0, 0, 0.9, 0.999, 1e-8}, .batch_size = workload.batch};
    std::vector<std::int64_t> order(rows * steps);
    for (std::size_t at = 0; at < order.size(); ++at) order[at] = static_cast<std::int64_t>(at * 7919 % rows);
    const std::vector<double> rates(steps, 0.001);
    std::vector<BatchCost> costs(steps);
    Descent<float> descent(network, rule, {X.view(), Y.data(), nullptr, rows},
                           start_of(network, rule.optimizer, random), SimdLevel::avx2, 1);
    descent.train(order.data(), order.size(), rates.data(), steps, costs.data());
    return costs.back().cost;
}

int list() {
#if defined(__clang__)
    std::puts(__VERSION__);
#else
    std::puts("GCC " __VERSION__);
#endif
    for (const Workload& workload : workloads)
        std::printf("%.*s\n", static_cast<int>(workload.name.size()), workload.name.data());
    return 0;
}

}  // namespace

int main(int count, char** given) {
    if (count == 1) return list();
    for (const Workload& workload : workloads)
        if (count == 3 && workload.name == given[1]) {
            std::printf("cost %.4f\n", train(workload, std::strtoul(given[2], nullptr, 10)));
            return 0;
        }
    std::fputs("usage: count_steps WORKLOAD STEPS, or without arguments for the workloads\n", stderr);
    return 2;
}
