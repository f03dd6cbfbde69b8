// A batch: some of the examples, gathered to where the kernels read them, row by row. Its rows may be gathered by
// several threads, each some of them.
#pragma once

#include <optional>

#include "core/sparse_rows.hpp"

namespace limpid {

// Rows that go through all layers together; of larger batches the slopes are summed up part by part, in one chain,
// where no layer is normalised over them.
inline constexpr std::size_t rows_at_once = 512;

// The inputs of a batch.
template <class T>
class InputBatch {
   public:
    // Room for `capacity` of the `rows` rows of X, for such a first layer.
    // Where `thins`, zeros are left out of the rows of each batch, if that pays; for an embedding they always are.
    // Errors: std::length_error where an embedding's batches would hold more numbers than can be counted in 32 bits.
    InputBatch(const Inputs<T>& X, std::size_t rows, const Layer& first, std::size_t capacity, bool thins,
               const Kernels<T>& kernels);

    // Begins a batch; then all its rows are gathered, in any order. Errors: std::length_error where sparse rows hold
    // more numbers than can be counted in 32 bits.
    void begin(const Choice& choice);
    void gather(Range rows);

    // Whether rows are given in lists of what is not zero.
    bool sparse() const { return sparse_; }
    // Inputs of sparse rows are taken so many at a time, so that their weights and slopes stay in a near cache.
    std::size_t block() const { return block_; }
    // Whether slopes along sparse rows take less time once these are spread out again.
    bool spreads() const { return spreads_; }
    // As the left factor of weighted sums, from row `first` on.
    void describe(Factors<T>& factors, std::size_t first) const;
    // Dense rows as the left factor of slopes, transposed, from input `first` on.
    void describe_transposed(Factors<T>& factors, std::size_t first) const;
    // Sparse rows from row `first` on; each part of them is a block of inputs.
    Lists<T> lists(std::size_t first) const;

   private:
    // So many inputs are taken at a time where there are about so many entries in a row.
    std::size_t block_of(double entries_a_row, std::size_t units) const;
    void gather_dense(std::size_t row);
    void gather_thinned(std::size_t row);
    // Of entries: each row's begin where nothing that is written for another ends.
    std::size_t room_of_row() const { return inputs_ + entries_beyond; }

    Inputs<T> X_;
    const Kernels<T>& kernels_;
    bool sparse_, spreads_ = false;
    std::size_t inputs_, stride_, block_, blocks_ = 1;
    Choice choice_{};
    const T* x_ = nullptr;  // rows of numbers, where they are dense
    std::size_t x_stride_ = 0;
    Buffer<T> gathered_;
    std::optional<SparseRows<T>> rows_;  // those of a sparse X; else where zeros are left out of each row
    std::vector<std::uint32_t> bounds_, places_;
    std::vector<T> numbers_;
};

}  // namespace limpid
