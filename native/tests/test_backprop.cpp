// Rows there and back: in parts, in any order, they leave the same bits as all at once, and touch no other row.
#include "core/backprop.hpp"
#include "core/dropout.hpp"
#include "lessons.hpp"

using namespace limpid;

namespace {

template <class T>
class Run {
   public:
    Run(const Lesson<T>& lesson, SimdLevel level, double dropout)
        : lesson_(lesson),
          dropout_{dropout, 9, 4, 30},
          inputs_(lesson.X.plain(), lesson.rows, lesson.net.layers[0], lesson.rows, true, kernels_for<T>(level)),
          targets_(lesson.net, lesson.examples(), lesson.rows, 0.1),
          backprop_(lesson.net, kernels_for<T>(level), {lesson.rows, true, dropout > 0, 2}) {
        const Choice choice{nullptr, 0, lesson.rows, lesson.rows};
        inputs_.begin(choice);
        inputs_.gather({0, lesson.rows});
        targets_.gather(choice, {0, lesson.rows}, targets_.weigh(choice));
        for (std::size_t layer = lesson.net.layers.size(); layer-- > 1;)
            backprop_.prepare_back(lesson.start, layer, {0, lesson.net.layers[layer].inputs},
                                   {0, lesson.net.layers[layer].units});
    }

    void rows(Range some, std::size_t member) {
        const Weights<T> weights = lesson_.start.view();
        const std::size_t steps = backprop_.steps();
        backprop_.forward(weights, inputs_, some, member, dropout_, 0, 1);  // anywhere on the way one may stop
        backprop_.forward(weights, inputs_, some, member, dropout_, 1, steps);
        backprop_.measure(targets_, some, member);
        backprop_.back(weights, targets_, some, member, 2, steps - 1);
        backprop_.back(weights, targets_, some, member, 1, 2);
    }

    // Every layer's activations and blame of some rows, and the cost of those up to them.
    std::vector<double> found(Range some) const {
        std::vector<double> made{backprop_.cost(some.first + some.count)};
        for (std::size_t layer = 0; layer < lesson_.net.layers.size(); ++layer)
            for (const T* of : {backprop_.activations(layer), backprop_.delta(layer), backprop_.blame(layer)})
                for (std::size_t row = some.first; row < some.first + some.count; ++row) {
                    const T* from = of + row * backprop_.stride(layer);
                    made.insert(made.end(), from, from + lesson_.net.layers[layer].units);
                }
        return made;
    }

   private:
    const Lesson<T>& lesson_;
    Dropout dropout_;
    InputBatch<T> inputs_;
    TargetBatch<T> targets_;
    Backprop<T> backprop_;
};

template <class T>
void check(const Lesson<T>& lesson, SimdLevel level, double dropout) {
    Run<T> whole(lesson, level, dropout), parts(lesson, level, dropout);
    whole.rows({0, 30}, 0);
    const std::vector<double> untouched = parts.found({0, 19});
    parts.rows({19, 11}, 1);
    CHECK(parts.found({0, 19}) == untouched);
    parts.rows({5, 14}, 0);
    parts.rows({0, 5}, 1);
    CHECK(parts.found({0, 30}) == whole.found({0, 30}));
    CHECK(whole.found({0, 30})[0] > 0);
}

// The masks are those of the rows' places in the batch and of the layer.
template <class T>
void check_masks(SimdLevel level) {
    const Lesson<T> lesson(classifier({11, 19, 5}), 30);
    Run<T> with(lesson, level, 0.4), without(lesson, level, 0);
    with.rows({0, 30}, 0), without.rows({0, 30}, 0);
    const std::vector<double> dropped = with.found({0, 30}), kept = without.found({0, 30});
    std::vector<T> mask(30 * 19);
    dropout_mask(0.4, 9, 4, 1, 30, 30, 19, 19, mask.data());
    for (std::size_t at = 0; at < mask.size(); ++at)
        CHECK(dropped[1 + at] == static_cast<double>(static_cast<T>(kept[1 + at]) * mask[at]));
}

template <class T>
void check_all() {
    const Cost squared{CostKind::squared_error};
    const Lesson<T> plain(classifier({11, 19, 9, 5}), 30), sparse(classifier({200, 19, 5}), 30, 9),
        deep(network(Activation::tanh, Activation::sigmoid, squared, {5, 7, part_depth + 9, 3}), 30),
        single(network(Activation::tanh, Activation::identity, squared, {4, 1}), 30);
    const Lesson<T> by_layer(normalized(classifier({11, 19, 9, 5}), Normalization::layer), 30),
        by_running(normalized(classifier({11, 19, 9, 5}), Normalization::batch), 30);
    const Lesson<T> embeds(embedded(classifier({50, 19, 5}), 90, {{3, 9}, {20, 41}}, 5), 30, 3);
    for (const SimdLevel level : levels_here())
        for (const double dropout : {0.0, 0.4})
            for (const Lesson<T>* lesson : {&plain, &sparse, &deep, &single, &by_layer, &by_running, &embeds})
                check(*lesson, level, dropout);
    for (const SimdLevel level : levels_here()) check_masks<T>(level);
}

}  // namespace

int main() {
    check_all<float>();
    check_all<double>();
    return 0;
}
