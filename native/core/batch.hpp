// A batch: some of the examples, gathered to where the kernels read them, row by row. Its rows may be gathered by
// several threads, each some of them.
#pragma once

#include <optional>

#include "core/inputs.hpp"
#include "core/kernels.hpp"
#include "core/layout.hpp"

namespace limpid {

// Rows that go through all layers together; of larger batches the slopes are summed up part by part, in one chain,
// where no layer is normalised over them.
inline constexpr std::size_t rows_at_once = 512;

inline constexpr std::size_t rows_ahead = 8;  // that are asked for before they are read

// Asks for memory that will be read soon, a cache line at a time.
inline void fetch(const void* from, std::size_t bytes) {
    const char* const first = static_cast<const char*>(from);
    for (std::size_t at = 0; at < bytes; at += cache_line) __builtin_prefetch(first + at, 0, 2);
    if (bytes) __builtin_prefetch(first + bytes - 1, 0, 2);  // they need not begin where a line does
}

// Some rows of a batch, or some inputs of a layer.
struct Range {
    std::size_t first, count;
};

// Which rows: those that `order` names, or where it is null those from `first` on. `known` of them, `count` or more,
// will be read in the end: those after the batch are fetched ahead.
struct Choice {
    const std::int64_t* order;
    std::size_t first, count, known;

    std::size_t operator[](std::size_t row) const {
        return order ? static_cast<std::size_t>(order[first + row]) : first + row;
    }
};

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
    // Inputs of sparse rows are taken so many at a time, so that their weights and slopes stay in the nearest cache.
    std::size_t block() const { return block_; }
    // As the left factor of weighted sums, from row `first` on.
    void describe(Factors<T>& factors, std::size_t first) const;
    // Dense rows as the left factor of slopes, transposed, from input `first` on.
    void describe_transposed(Factors<T>& factors, std::size_t first) const;
    // Sparse rows from row `first` on; each part of them is a block of inputs.
    Lists<T> lists(std::size_t first) const;

   private:
    void choose_blocks(std::size_t rows, std::size_t units);
    // How the kernels can read X's own entries, if they can.
    std::optional<Listing> as_it_is(std::size_t rows) const;
    void find_all_bounds(std::size_t rows);
    void make_room(std::size_t entries);
    // A row of X as its entries lie.
    struct Row {
        const std::byte *places, *numbers;
        std::size_t count, place_bytes, number_bytes;
    };
    Row row_of(std::size_t row) const;
    void copy_sparse(std::size_t row);
    void gather_dense(std::size_t row);
    void gather_sparse(std::size_t row);
    void gather_thinned(std::size_t row);
    std::uint32_t* wide_places() const { return reinterpret_cast<std::uint32_t*>(places_.get()); }
    T* wide_numbers() const { return reinterpret_cast<T*>(numbers_.get()); }
    // Of entries: each row's begin where nothing that is written for another ends.
    std::size_t room_of_row() const { return inputs_ + entries_beyond; }

    Inputs<T> X_;
    const Kernels<T>& kernels_;
    bool sparse_;
    std::size_t inputs_, stride_, block_, blocks_ = 1;
    Choice choice_{};
    const T* x_ = nullptr;  // rows of numbers, where they are dense
    std::size_t x_stride_ = 0;
    Buffer<T> gathered_;
    std::vector<std::uint32_t> starts_, bounds_;  // else of each row's entries, and of its blocks
    Lists<T> lists_;                              // all of that, to be read
    std::size_t entries_ = 0;                     // room for so many
    Buffer<std::byte> places_, numbers_;
    Buffer<std::uint16_t> known_bounds_;  // of all rows of X, where its entries are copied as they are
};

}  // namespace limpid
