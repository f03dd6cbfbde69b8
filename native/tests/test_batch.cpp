// Batches hold the rows that were chosen, in every form of inputs, whoever gathers which of them and when.
#include <stdexcept>

#include "check.hpp"
#include "core/targets.hpp"
#include "forms.hpp"

using namespace limpid;

namespace {

Layer first(std::size_t inputs, std::size_t units) { return {inputs, units, Activation::relu}; }

// Some rows, all over the table and some of them twice; those after the batch are known too.
std::vector<std::int64_t> order_of(std::size_t rows, std::size_t count) {
    std::vector<std::int64_t> made;
    for (std::size_t at = 0; at < count; ++at) made.push_back(static_cast<std::int64_t>(at * at * 7 % rows));
    return made;
}

// Gathers in parts, the last rows first.
template <class Batch>
void gather(Batch gather_rows, std::size_t count) {
    const std::size_t middle = count / 3, end = count - count / 4;
    for (const Range rows : {Range{end, count - end}, Range{0, middle}, Range{middle, end - middle}}) gather_rows(rows);
}

template <class T>
void check_dense(const InputBatch<T>& batch, const Forms<T>& forms, const Choice& choice) {
    Factors<T> rows{}, columns{};
    for (std::size_t row = 0; row < choice.count; ++row) {
        batch.describe(rows, row);
        CHECK(!rows.lists.bounds);
        for (std::size_t input = 0; input < forms.inputs; ++input) {
            batch.describe_transposed(columns, input);
            CHECK(rows.a[input] == forms.at(choice[row], input));
            CHECK(columns.a[row * columns.a_stride] == rows.a[input] && columns.a_stride == rows.a_stride);
        }
    }
}

template <class T>
std::size_t place_of(const Lists<T>& lists, std::uint32_t at) {
    return lists.listing == Listing::wide ? static_cast<const std::uint32_t*>(lists.places)[at]
                                          : static_cast<const std::uint16_t*>(lists.places)[at];
}

template <class T>
T number_of(const Lists<T>& lists, std::uint32_t at) {
    return lists.listing == Listing::coded ? lists.codes[static_cast<const std::uint8_t*>(lists.numbers)[at]]
                                           : static_cast<const T*>(lists.numbers)[at];
}

// All that is not zero, in ascending order, each number in its block.
template <class T>
void check_sparse(const InputBatch<T>& batch, const Forms<T>& forms, const Choice& choice) {
    for (std::size_t row = 0; row < choice.count; ++row) {
        Factors<T> factors{};
        batch.describe(factors, row);
        const Lists<T>& lists = factors.lists;
        CHECK(lists.parts == (forms.inputs - 1) / batch.block() + 1);
        const std::uint32_t* const bounds = lists.bounds;
        std::uint32_t at = bounds[0];
        for (std::size_t input = 0; input < forms.inputs; ++input) {
            const std::size_t part = input / batch.block();
            if (input % batch.block() == 0) CHECK(at == bounds[part]);
            const T value = forms.at(choice[row], input);
            if (value == 0) continue;
            CHECK(place_of(lists, at) == input && number_of(lists, at) == value);
            CHECK(at >= bounds[part] && at < bounds[part + 1]);
            ++at;
        }
        CHECK(at == bounds[lists.parts]);
    }
}

template <class T>
void check_batches(const Forms<T>& forms, const Inputs<T>& X, const Layer& first_layer, bool thins,
                   const Kernels<T>& kernels) {
    const std::vector<std::int64_t> order = order_of(forms.rows, forms.rows);
    const std::size_t capacity = forms.rows / 2;
    InputBatch<T> batch(X, forms.rows, first_layer, capacity, thins, kernels);
    CHECK(batch.sparse() || !(X.sparse() || first_layer.embeds()));
    for (const std::int64_t* named : {order.data(), static_cast<const std::int64_t*>(nullptr)})
        for (const std::size_t first : {std::size_t{0}, std::size_t{3}})
            for (const std::size_t count : {capacity, std::size_t{1}, capacity - 3}) {
                const Choice choice{named, first, count, forms.rows - first};
                batch.begin(choice);
                gather([&](Range rows) { batch.gather(rows); }, count);
                batch.sparse() ? check_sparse(batch, forms, choice) : check_dense(batch, forms, choice);
            }
}

// Rows of the kind that is computed with need no copy where they follow one another.
template <class T>
void check_in_place(const Forms<T>& forms) {
    InputBatch<T> batch(forms.plain(), forms.rows, first(forms.inputs, 3), 5, false, baseline_kernels<T>());
    batch.begin({nullptr, 2, 5, 5});
    batch.gather({0, 5});
    Factors<T> factors{};
    batch.describe(factors, 1);
    CHECK(factors.a == static_cast<const T*>(forms.plain().numbers) + 3 * forms.inputs);
    CHECK(factors.a_stride == forms.inputs);
}

template <class T>
void check_inputs() {
    const Forms<T> pictures(40, 300, 5), full(40, 21, 1), words(16, 3000, 40), empty(20, 50, 1'000'000'000);
    for (const Forms<T>* forms : {&pictures, &full, &words, &empty})
        for (const auto& form : forms->all())
            for (const std::size_t units : {std::size_t{1}, std::size_t{40}, std::size_t{500}})
                for (const bool thins : {false, true})
                    for (const SimdLevel level : levels_here()) {
                        check_batches(*forms, form.X, first(forms->inputs, units), thins, kernels_for<T>(level));
                        Layer embeds = first(forms->inputs, units + forms->inputs - 7);
                        embeds.embedding = Embedding::of(forms->inputs, {{3, 7}}, units);
                        check_batches(*forms, form.X, embeds, thins, kernels_for<T>(level));
                    }
    for (const auto& form : pictures.all()) {
        CHECK(InputBatch<T>(form.X, 40, first(300, 100), 9, true, baseline_kernels<T>()).sparse());
        CHECK(InputBatch<T>(form.X, 40, first(300, 100), 9, false, baseline_kernels<T>()).sparse() == form.X.sparse());
    }
    CHECK(!InputBatch<T>(full.plain(), 40, first(21, 100), 9, true, baseline_kernels<T>()).sparse());
    const auto block_of = [](const Forms<T>& forms) {
        return InputBatch<T>(forms.all()[5].X, forms.rows, first(forms.inputs, 64), 9, false, baseline_kernels<T>())
            .block();
    };
    const auto spreads = [&](const Forms<T>& forms, std::size_t units, std::size_t capacity) {
        const Layer layer = first(forms.inputs, units);
        return InputBatch<T>(forms.all()[5].X, forms.rows, layer, capacity, false, baseline_kernels<T>()).spreads();
    };
    CHECK(spreads(pictures, 200, 32) && !spreads(pictures, 200, 9) && !spreads(pictures, 200, 600));
    CHECK(!spreads(pictures, 20, 32) && !spreads(words, 200, 32) && !spreads(empty, 200, 32));
    CHECK(block_of(pictures) < 300 && block_of(words) < 3000 && block_of(empty) >= 50);
    check_in_place(full);
}

// More numbers than can be counted, in batches of an embedding, are refused before any are kept.
void check_refusal() {
    const std::size_t inputs = std::size_t{1} << 27;
    Layer embeds{inputs, inputs, Activation::identity};
    embeds.embedding.dimensions = 1;
    const float number = 1;
    bool refused = false;
    try {
        InputBatch<float>({Number::float32, &number}, 1, embeds, 32, true, baseline_kernels<float>());
    } catch (const std::length_error&) {
        refused = true;
    }
    CHECK(refused);
}

// Targets by hand: smoothed, in groups of outputs apart, and shares of all weights of the batch.
template <class T>
void check_targets(CostKind cost, double smoothing, bool weighted, bool grouped = false) {
    constexpr std::size_t rows = 20, outputs = 3;
    Network network{{{2, outputs, Activation::softmax}}, {cost}};
    if (grouped) network.group_sizes = {2, 1};
    std::vector<T> X(rows * 2), Y, weights;
    for (std::size_t at = 0; at < rows * outputs; ++at) Y.push_back(T(at % 5) / T(4));
    for (std::size_t row = 0; row < rows; ++row) weights.push_back(T(row) + T(0.5));
    const Examples<T> examples{{sizeof(T) == 4 ? Number::float32 : Number::float64, X.data()},
                               Y.data(),
                               weighted ? weights.data() : nullptr,
                               rows};
    const std::vector<std::int64_t> order = order_of(rows, 11);
    TargetBatch<T> batch(network, examples, 11, smoothing);
    for (const Choice choice : {Choice{order.data(), 1, 10, 10}, Choice{nullptr, 4, 9, 16}}) {
        double total = 0;
        for (std::size_t row = 0; row < choice.count; ++row)
            total += weighted ? static_cast<double>(weights[choice[row]]) : 1;
        CHECK(batch.weigh(choice) == total);
        gather([&](Range some) { batch.gather(choice, some, total); }, choice.count);
        for (std::size_t row = 0; row < choice.count; ++row) {
            const double weight = weighted ? static_cast<double>(weights[choice[row]]) : 1;
            check_close(static_cast<double>(*batch.shares(row)), weight / total, 1e-6, "share");
            for (std::size_t output = 0; output < outputs; ++output) {
                const auto y = static_cast<double>(Y[choice[row] * outputs + output]);
                const double alike = cost == CostKind::binary_cross_entropy ? 2
                                     : grouped                              ? (output < 2 ? 2 : 1)
                                                                            : 3,
                             even = smoothing / alike;
                check_close(static_cast<double>(batch.y(row)[output]), (1 - smoothing) * y + even, 1e-6, "target");
                if (smoothing == 0) CHECK(batch.y(row)[output] == Y[choice[row] * outputs + output]);
            }
        }
    }
}

template <class T>
void check_all() {
    check_inputs<T>();
    for (const CostKind cost : {CostKind::cross_entropy, CostKind::binary_cross_entropy})
        for (const double smoothing : {0.0, 0.3})
            for (const bool weighted : {false, true}) check_targets<T>(cost, smoothing, weighted);
    check_targets<T>(CostKind::cross_entropy, 0.3, true, true);
}

}  // namespace

int main() {
    check_refusal();
    check_all<float>();
    check_all<double>();
    return 0;
}
