// Where the inputs of a batch are not zero, tile by tile: products leave the rest out. A product with an exact zero
// changes no sum's bits while weights are finite, so that none depends on whether it was left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace limpid {

inline constexpr std::size_t tile_rows = 6;  // rows that a product takes together

// For each whole tile of `tile_rows` rows of a left factor: the places along its depth at which any of them is not 0.
struct Places {
    const std::uint32_t *places = nullptr, *counts = nullptr;  // null where nothing is known
    std::size_t capacity = 0;                                  // from one tile's first place to the next one's
};

class Occupied {
   public:
    // Looks through the `rows` rows of X (rows, inputs) once; batches have at most `batch_rows` rows.
    template <class T>
    Occupied(const T* X, std::size_t rows, std::size_t inputs, std::size_t batch_rows);

    // Begins a batch; then each of its rows by number, in order.
    void begin();
    void add(std::size_t row);
    // For the batch as a left factor, and for its transpose.
    Places by_rows() const { return {row_places_.data(), row_counts_.data(), inputs_}; }
    Places by_inputs() const { return {input_places_.data(), input_counts_.data(), batch_rows_}; }

   private:
    void finish_row_tile();

    std::size_t inputs_, batch_rows_, words_, added_ = 0;
    std::vector<std::uint64_t> masks_, tile_;  // a bit for each input that is not 0: of every row, of a tile's rows
    std::vector<std::uint32_t> row_places_, row_counts_, input_places_, input_counts_;
};

}  // namespace limpid
