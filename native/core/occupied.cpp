#include "core/occupied.hpp"

#include <algorithm>
#include <bit>

namespace limpid {
namespace {

constexpr std::size_t tiles_a_word = 64 / tile_rows, inputs_a_word = tiles_a_word * tile_rows;
constexpr std::uint64_t first_of_each_tile = [] {
    std::uint64_t word = 0;
    for (std::size_t tile = 0; tile < tiles_a_word; ++tile) word |= std::uint64_t{1} << tile * tile_rows;
    return word;
}();

// Calls `use` with the number of each bit that is set, in ascending order.
template <class Use>
void each_bit(std::uint64_t word, Use use) {
    for (; word; word &= word - 1) use(static_cast<std::size_t>(std::countr_zero(word)));
}

}  // namespace

template <class T>
Occupied::Occupied(const T* X, std::size_t rows, std::size_t inputs, std::size_t batch_rows)
    : inputs_(inputs),
      batch_rows_(batch_rows),
      words_((inputs + inputs_a_word - 1) / inputs_a_word),
      masks_(rows * words_),
      tile_(words_),
      row_places_(batch_rows / tile_rows * inputs + 1),
      row_counts_(batch_rows / tile_rows),
      input_places_((words_ * tiles_a_word) * batch_rows),
      input_counts_(words_ * tiles_a_word) {
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t input = 0; input < inputs; ++input)
            masks_[row * words_ + input / inputs_a_word] |= std::uint64_t{X[row * inputs + input] != 0}
                                                            << input % inputs_a_word;
}

void Occupied::begin() {
    added_ = 0;
    std::fill(input_counts_.begin(), input_counts_.end(), 0);
}

void Occupied::add(std::size_t row) {
    const std::uint64_t* mask = masks_.data() + row * words_;
    for (std::size_t word = 0; word < words_; ++word) {
        tile_[word] = (added_ % tile_rows ? tile_[word] : 0) | mask[word];
        std::uint64_t any = 0;  // the first bit of each tile of inputs: whether any of them is set
        for (std::size_t bit = 0; bit < tile_rows; ++bit) any |= mask[word] >> bit;
        each_bit(any & first_of_each_tile, [&](std::size_t bit) {
            const std::size_t tile = word * tiles_a_word + bit / tile_rows;
            input_places_[tile * batch_rows_ + input_counts_[tile]++] = static_cast<std::uint32_t>(added_);
        });
    }
    if (++added_ % tile_rows == 0) finish_row_tile();
}

void Occupied::finish_row_tile() {
    const std::size_t tile = added_ / tile_rows - 1;
    std::uint32_t *places = row_places_.data() + tile * inputs_, count = 0;
    for (std::size_t word = 0; word < words_; ++word)
        each_bit(tile_[word],
                 [&](std::size_t bit) { places[count++] = static_cast<std::uint32_t>(word * inputs_a_word + bit); });
    row_counts_[tile] = count;
}

template Occupied::Occupied(const float*, std::size_t, std::size_t, std::size_t);
template Occupied::Occupied(const double*, std::size_t, std::size_t, std::size_t);

}  // namespace limpid
