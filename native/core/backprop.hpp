// Forward to the cost and back to every weight, for some rows of a batch: the order of backprop.py, the arithmetic of
// the kernels. What is done for one row touches no other row's memory, so that threads may share the rows; where a
// layer is normalised over the batch they meet on the way.
#pragma once

#include "core/targets.hpp"

namespace limpid {

// The key of a step's dropout masks, and the place in the batch of the first row.
struct Dropout {
    double rate = 0;
    std::uint64_t seed = 0, step = 0;
    std::size_t first_row = 0;
};

// What room a network's rows need: for the way back too, for dropout masks, for their costs.
struct Rooms {
    std::size_t rows;
    bool learns = false, drops = false;
    std::size_t members = 1;  // threads that share the rows
    bool trains = false;      // whether batches that are normalised over are so by their own statistics
    bool measures = false;    // whether costs are wanted without a way back
};

// A layer's sums to normal ones: by each row's own mean and variance, or by those given for each column. The rows'
// scales are kept where `scales` are given; `room` is for `output_room` numbers.
template <class T>
void normalize(const Kernels<T>& kernels, const Layer& layer, const T* mean, const T* variance, const T* sums,
               std::size_t rows, std::size_t stride, T* normal, T* scales, T* room);

template <class T>
class Backprop {
   public:
    Backprop(const Network& network, const Kernels<T>& kernels, const Rooms& rooms);

    // A layer's activations (of the last one the weighted sums) and, once they were reached on the way back, dC/d(sums)
    // and dC/dz, which differ where it is normalised.
    const T* activations(std::size_t layer) const { return rooms_[layer].a.get(); }
    const T* delta(std::size_t layer) const { return rooms_[layer].delta.get(); }
    const T* blame(std::size_t layer) const { return blame_of(rooms_[layer]); }
    std::size_t stride(std::size_t layer) const { return rooms_[layer].stride; }
    // Whether it is normalised by the statistics of the batch under way.
    bool by_batch(std::size_t layer) const;

    // A layer has two steps: number 2 l are the weighted sums of layer l, with the activation where nothing comes
    // between, number 2 l + 1 is its normalisation and the activation; of the last layer only the sums.
    std::size_t steps() const { return 2 * rooms_.size(); }
    // The steps from `first` to before `end`: activations and slopes of hidden layers, weighted sums of the last.
    void forward(const Weights<T>& parameters, const InputBatch<T>& inputs, Range rows, std::size_t member,
                 const Dropout& dropout, std::size_t first, std::size_t end);
    void forward(const Weights<T>& parameters, const InputBatch<T>& inputs, Range rows, std::size_t member) {
        forward(parameters, inputs, rows, member, {}, 0, steps());
    }
    // The last layer's activations, in place of its sums.
    void activate_output(Range rows, std::size_t member);
    // The rows' costs by their shares; leaves the last layer's delta, all deltas times `scale`.
    void measure(const TargetBatch<T>& targets, Range rows, std::size_t member, T scale = 1);
    const T* costs() const { return costs_.get(); }
    // The first `rows` rows' costs together.
    double cost(std::size_t rows) const;
    // Takes over weights of a layer that deltas flow back through: before the first `back`, and where they changed.
    void prepare_back(const Arrays<T>& parameters, std::size_t layer, Range inputs, Range units);
    // From after step `end` back to `first`, which is one at least: every delta on the way.
    void back(const Weights<T>& parameters, const TargetBatch<T>& targets, Range rows, std::size_t member,
              std::size_t first, std::size_t end);
    // For a layer that is normalised by the batch, of some units once its first `rows` rows came to the step before:
    // their mean and variance; on the way back the sums that it needs.
    void find_moments(std::size_t layer, const TargetBatch<T>& targets, std::size_t rows, Range units);
    void find_sums(std::size_t layer, std::size_t rows, Range units);
    // Slopes along b, gamma and beta, from the first `rows` rows, added to what they were unless `fresh`.
    void sum_slopes(std::size_t layer, std::size_t rows, const typename Arrays<T>::OfLayer& slopes, bool fresh) const;
    // Running statistics take over their share of the batch's, unless its first `rows` rows weigh nothing.
    void keep_moments(const Arrays<T>& parameters, const TargetBatch<T>& targets, std::size_t rows) const;
    // The factors of a layer's slope along some inputs: what went in, and delta. Not for a first layer's sparse rows.
    Factors<T> slope_factors(std::size_t layer, const InputBatch<T>& inputs, Range which, std::size_t rows) const;

   private:
    struct Room {
        std::size_t inputs, units, stride;
        Buffer<T> a, delta, mask;
        Buffer<T> transposed = {};  // W^T, (units, inputs)
        // where it is normalised: what came of that, blame for it, each row's scale, or the batch's statistics and sums
        Buffer<T> normal = {}, blame = {}, scales = {}, mean = {}, variance = {}, blame_sums = {}, product_sums = {};
    };
    static T* blame_of(const Room& room) { return room.blame.get() ? room.blame.get() : room.delta.get(); }
    void make_room_to_normalize(const Layer& layer, const Rooms& rooms, Room& room) const;
    T* mask(std::size_t layer, Range rows, const Dropout& dropout);
    void add_up(std::size_t layer, const Weights<T>& parameters, const InputBatch<T>& inputs, Range rows,
                const Dropout& dropout);
    void normalize(std::size_t layer, const Weights<T>& parameters, Range rows, std::size_t member,
                   const Dropout& dropout);
    void back_through_weights(std::size_t layer, Range rows);
    void back_through_normalization(std::size_t layer, const Weights<T>& parameters, const TargetBatch<T>& targets,
                                    Range rows, std::size_t member);
    T* output_room(std::size_t member) const { return output_room_.get() + member * output_numbers_; }

    const Network& network_;
    const Kernels<T>& kernels_;
    bool trains_;
    std::vector<Room> rooms_;
    std::size_t output_numbers_;
    Buffer<T> costs_, output_room_, waiting_;  // of each row; of each member; for sums of deep products
};

}  // namespace limpid
