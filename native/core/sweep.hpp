// One batch through a network and back, by several threads: first they share its rows, then the weights. Nothing is
// added up across what they share, so that the bits do not depend on who takes which part.
#pragma once

#include "core/backprop.hpp"
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
    // For batches of `rows` rows. The examples must outlive it.
    Sweep(const Network& network, const Examples<T>& examples, std::size_t rows, double label_smoothing, bool drops,
          bool thins, SimdLevel level, std::size_t threads);

    std::size_t members() const { return members_; }
    const Kernels<T>& kernels() const { return kernels_; }
    const T* delta(std::size_t layer) const { return backprop_.delta(layer); }
    std::size_t stride(std::size_t layer) const { return backprop_.stride(layer); }

    double weigh(const Choice& choice) const { return targets_.weigh(choice); }
    // The parameters to go there and back with, which must stay where they are; and some of a layer that changed since.
    void prepare(Crew& crew, const Arrays<T>& parameters);
    void prepare(const Arrays<T>& parameters, std::size_t layer, Range inputs);
    // The chosen rows, at most `rows_at_once`, to their cost by their share of `total`, and back to every delta.
    double there_and_back(Crew& crew, const Choice& choice, double total, const Dropout& dropout);
    // Calls `use(layer, inputs, member)` for parts of all layers' inputs until all were named.
    template <class Use>
    void each_part(Crew& crew, const Use& use) {
        crew.share(pieces_.size(), [&](std::size_t number, std::size_t member) {
            use(pieces_[number].layer, pieces_[number].part, member);
        });
    }
    // Adds the rows' slopes along some inputs of a layer to `sums`; where `fresh`, instead of what they held.
    void accumulate(std::size_t layer, Range inputs, T* sums, bool fresh) const;
    // The optimizer's step along those slopes and, where they are given, the `sums` of the rows before.
    void descend(std::size_t layer, Range inputs, const T* sums, const StepNumbers<T>& numbers,
                 const Movable<T>& parameters, std::size_t member);
    // sums of a layer's dC/dz over the rows; where `fresh`, instead of what `sums` held.
    void sum_delta(std::size_t layer, T* sums, bool fresh) const;
    // The sum of the squares of all arrays: of the weights, and of biases where these count.
    double sum_of_squares(Crew& crew, const Arrays<T>& arrays, bool biases);
    // Scales the weights that come into each hidden unit down to a norm of at most `limit`, and prepares them.
    void limit_norms(Crew& crew, const Arrays<T>& parameters, T limit);

   private:
    struct Piece {
        std::size_t layer;
        Range part;  // of its inputs; in `column_pieces_` of its units
    };
    static std::vector<Piece> pieces_of(const Network& network, std::size_t members, std::size_t first_block);

    const Network& network_;
    const Kernels<T>& kernels_;
    std::size_t members_, rows_ = 0;  // rows of the batch under way
    InputBatch<T> inputs_;
    TargetBatch<T> targets_;
    Backprop<T> backprop_;
    Weights<T> weights_;
    std::vector<Piece> pieces_, square_pieces_, column_pieces_;
    std::vector<double> squares_;
    std::size_t widest_;
    Buffer<T> columns_, block_;  // of each member: room for a row of the widest layer, for a block's slopes
};

}  // namespace limpid
