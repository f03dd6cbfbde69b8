// Descent: many batches in one call, each gathered, sent forward and back, and followed by the optimizer's step.
#pragma once

#include <optional>

#include "core/compressed.hpp"
#include "core/pace.hpp"
#include "core/sweep.hpp"

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

    // Whether every number of the examples' X is known to be finite.
    bool knows_finite() const { return compressed_ && compressed_->finite(); }
    // So many batches are made of `count` rows. Of more rows than there are examples, each pass begins a new batch.
    std::size_t batches(std::size_t count) const;
    // A step for each batch of the `count` rows in `order`, at the learning rates `rates` (steps,); what each batch
    // cost before its step goes to `costs`.
    void train(const std::int64_t* order, std::size_t count, const double* rates, std::size_t steps, BatchCost* costs);

   private:
    // The numbers of one step, for weights and for biases.
    struct Numbers {
        StepNumbers<T> weights, biases;

        // For a layer's W.
        const StepNumbers<T>& of(const typename Arrays<T>::OfLayer& layer) const {
            return layer.decays() ? weights : biases;
        }
    };

    // The examples without their zeros, where that pays.
    Examples<T> thinned(Examples<T> examples, SimdLevel level);
    BatchCost step(Crew& crew, const Choice& batch, double rate);
    void descend(std::size_t layer, Range inputs, bool fresh, const Numbers& numbers, std::size_t member);
    void descend_row_by_row(std::size_t layer, Range inputs, const Numbers& numbers, std::size_t member);
    void accumulate(std::size_t layer, Range inputs, bool fresh, std::size_t member);
    void descend_others(std::size_t layer, const StepNumbers<T>& numbers, T scale);
    void descend_clipped(Crew& crew, Numbers numbers, double l2);
    void prepare(std::size_t layer, Range inputs);
    Movable<T> movable(std::size_t layer, Buffer<T> Arrays<T>::OfLayer::* array, std::size_t from = 0);

    Network network_;
    StepRule rule_;
    std::size_t examples_, rows_together_;  // in all; that go through the layers together
    std::optional<Compressed<T>> compressed_;
    Sweep<T> sweep_;
    Arrays<T> slopes_;
    Pace pace_;
};

}  // namespace limpid
