// One batch through a network and back, by several threads: first they share its rows, then the weights. Nothing is
// added up across what they share, so that the bits do not depend on who takes which part.
#pragma once

#include "core/backprop.hpp"
#include "core/spread.hpp"
#include "core/threads.hpp"

namespace limpid {

// What a batch costs: the average over its rows, and the penalty on the weights.
struct BatchCost {
    double cost, penalty;
};

// So many threads are worth it for so much work between two meetings, of at most `threads` (0: all allowed).
std::size_t worthwhile_threads(double multiplications, std::size_t threads);

template <class T>
class Sweep {
   public:
    // For up to `rows` rows together; where it `trains`, batches that are normalised over are whole and so by their own
    // statistics, else by the running ones. The examples must outlive it.
    Sweep(const Network& network, const Examples<T>& examples, std::size_t rows, double label_smoothing, bool drops,
          bool trains, SimdLevel level, std::size_t threads);

    std::size_t members() const { return members_; }
    const Kernels<T>& kernels() const { return kernels_; }
    // dC/dz of the rows, once they came back.
    const T* blame(std::size_t layer) const { return backprop_.blame(layer); }
    std::size_t stride(std::size_t layer) const { return backprop_.stride(layer); }

    double weigh(const Choice& choice) const { return targets_.weigh(choice); }
    // The parameters to go there and back with, which must stay where they are; and some of a layer that changed since.
    void prepare(Crew& crew, const Arrays<T>& parameters);
    void prepare(const Arrays<T>& parameters, std::size_t layer, Range inputs);
    // The chosen rows to their cost by their share of `total`, and back to every delta, all times `scale`.
    double there_and_back(Crew& crew, const Choice& choice, double total, const Dropout& dropout, T scale = 1);
    // Calls `use(layer, inputs, member)` for parts of all layers' inputs until all were named; an embedding has learned
    // rows in their place, here and below.
    template <class Use>
    void each_part(Crew& crew, const Use& use) {
        crew.share(pieces_.size(), [&](std::size_t number, std::size_t member) {
            use(pieces_[number].layer, pieces_[number].part, member);
        });
    }
    // Adds the rows' slopes along some inputs of a layer to `sums`; where `fresh`, instead of what they held.
    void accumulate(std::size_t layer, Range inputs, T* sums, bool fresh, std::size_t member);
    // The optimizer's step along those slopes and, where they are given, the `sums` of the rows before.
    void descend(std::size_t layer, Range inputs, const T* sums, const StepNumbers<T>& numbers,
                 const Movable<T>& parameters, std::size_t member);
    // The same for b, gamma and beta of a layer, whose slopes lie in `slopes`.
    void sum_slopes(std::size_t layer, const typename Arrays<T>::OfLayer& slopes, bool fresh) const {
        backprop_.sum_slopes(layer, rows_, slopes, fresh);
    }
    // After a step, running statistics take over their share of the batch's.
    void keep_moments(const Arrays<T>& parameters) const { backprop_.keep_moments(parameters, targets_, rows_); }
    // The sum of the squares of all arrays: of the weights, and of all others where these count.
    double sum_of_squares(Crew& crew, const Arrays<T>& arrays, bool others);
    // Scales the weights that come into each hidden unit down to a norm of at most `limit`, and prepares them.
    void limit_norms(Crew& crew, const Arrays<T>& parameters, T limit);

   private:
    struct Piece {
        std::size_t layer;
        Range part;  // of its inputs, of an embedding of its rows; in `column_pieces_` of its units
    };
    // Whether the slopes of a layer are made entry by entry, in memory.
    bool scatters(std::size_t layer) const { return layer == 0 && inputs_.sparse() && !inputs_.spreads(); }
    Factors<T> slope_factors(std::size_t layer, Range inputs, std::size_t member);
    std::vector<Piece> pieces_of(const Network& network, std::size_t members) const;
    // Calls `use(rows, member)` for parts of the batch's rows, or `use(units)` for parts of a layer's units.
    template <class Use>
    void share_rows(Crew& crew, const Use& use) const;
    template <class Use>
    void share_units(Crew& crew, std::size_t layer, const Use& use) const;

    const Network& network_;
    const Kernels<T>& kernels_;
    std::size_t members_, rows_ = 0;  // rows of the batch under way
    InputBatch<T> inputs_;
    TargetBatch<T> targets_;
    Backprop<T> backprop_;
    Weights<T> weights_;
    std::vector<Piece> pieces_, square_pieces_, column_pieces_;
    std::vector<std::size_t> meetings_;  // layers that are normalised by the batch
    std::vector<double> squares_;
    std::vector<std::size_t> part_of_row_;  // of the first layer's inputs, where it is an embedding
    std::size_t widest_, weight_stride_;    // the latter of the first layer's weights
    std::vector<Spread<T>> spread_;         // each member's, where inputs are
    Buffer<T> columns_, block_;             // of each member: room for a row of the widest layer, for a block's slopes
};

}  // namespace limpid
