// Descent: many batches in one call, each gathered, sent forward and back, and followed by the optimizer's step.
#pragma once

#include <memory>
#include <optional>

#include "core/sweep.hpp"
#include "core/turns.hpp"

namespace limpid {

// Where a descent stands.
template <class T>
struct State {
    Arrays<T> parameters;
    std::vector<Arrays<T>> slots;
    std::uint64_t step = 0;  // batches done so far
};

template <class T>
class Descent {
   public:
    // The examples must outlive it and stay as they are; `start` has as many slots as the rule's optimizer. At most
    // `threads` threads work on it (0: all that are allowed), fewer where its steps are short.
    Descent(Network network, const StepRule& rule, const Examples<T>& examples, State<T> start, SimdLevel level,
            std::size_t threads);
    Descent(const Descent&) = delete;  // parts of it refer to others
    Descent& operator=(const Descent&) = delete;

    State<T> state;

    // A step for each batch of the `count` rows in `order`, at the learning rates `rates` (steps,); what each batch
    // cost before its step goes to `costs`.
    void train(const std::int64_t* order, std::size_t count, const double* rates, std::size_t steps, BatchCost* costs);

   private:
    // The numbers of one step, for weights and for biases.
    struct Numbers {
        StepNumbers<T> weights, biases;
    };

    BatchCost step(Crew& crew, const Choice& batch, double rate);
    double sum_of_squares(Crew& crew, const Arrays<T>& arrays, bool biases);
    // A batch's cost; then its step is made, or where slopes are clipped they are summed up. Together: threads share a
    // part's rows, and then its weights. In turn: each goes there and back with rows of its own.
    double together(Crew& crew, const Choice& batch, double total, const Numbers& numbers);
    double in_turn(Crew& crew, const Choice& batch, double total, const Numbers& numbers);
    // Slopes of a batch's first rows, some, or its last ones, along some inputs of a layer, by what `sweep` holds.
    struct Which {
        bool first, last;
    };
    void use_slopes(Sweep<T>& sweep, std::size_t layer, Range inputs, Which rows, const Numbers& numbers,
                    std::size_t member);
    void descend(Sweep<T>& sweep, std::size_t layer, Range inputs, bool fresh, const Numbers& numbers,
                 std::size_t member);
    void accumulate(const Sweep<T>& sweep, std::size_t layer, Range inputs, bool fresh);
    void descend_clipped(Crew& crew, Numbers numbers, double l2);
    Movable<T> movable(std::size_t layer, Buffer<T> Arrays<T>::OfLayer::* array, std::size_t from = 0);

    Network network_;
    StepRule rule_;
    std::optional<Compressed<T>> compressed_;
    std::size_t members_, rows_a_turn_;              // of those who take turns; 1 and 0 where threads work together
    std::vector<std::unique_ptr<Sweep<T>>> sweeps_;  // of all threads, or of each
    Arrays<T> slopes_;
    std::unique_ptr<Turns> turns_;
};

}  // namespace limpid
