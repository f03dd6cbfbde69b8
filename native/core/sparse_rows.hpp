// The rows of a batch whose inputs are sparse already, in lists for the kernels. Where these can read the entries as
// they lie, they are copied so: rows in random order are then read at little more than the speed of memory.
#pragma once

#include <limits>
#include <vector>

#include "core/choice.hpp"
#include "core/inputs.hpp"
#include "core/kernels.hpp"
#include "core/layout.hpp"

namespace limpid {

inline constexpr std::size_t most_entries = std::numeric_limits<std::uint32_t>::max();  // of a batch

// Errors: std::length_error, since a batch holds so many entries and may not.
[[noreturn]] void refuse_entries(std::size_t entries);

template <class T>
class SparseRows {
   public:
    // Room for `capacity` of the `rows` rows of X, whose inputs are taken `block` at a time. Where they are read
    // `again` and again, it is kept where the blocks of each row begin.
    SparseRows(const Inputs<T>& X, std::size_t rows, std::size_t inputs, std::size_t capacity, std::size_t block,
               bool again);

    // Begins a batch; then all its rows are gathered, in any order. Errors: std::length_error where they hold more
    // numbers than can be counted in 32 bits.
    void begin(const Choice& choice);
    void gather(std::size_t row);
    // From row `first` on; each part is a block of inputs.
    Lists<T> lists(std::size_t first) const;

   private:
    // A row of X as its entries lie.
    struct Row {
        const std::byte *places, *numbers;
        std::size_t count;
    };
    Row row_of(std::size_t row) const;
    void know_bounds(std::size_t rows);
    void copy(std::size_t row);
    void convert(std::size_t row);
    // Calls `use` with the places in the batch, by their kind.
    template <class Use>
    void with_own_places(Use use) const;

    Inputs<T> X_;
    bool copies_;      // whether the kernels can read X's own entries
    Listing listing_;  // how they lie in the batch, and how many bytes a place and a number have
    std::size_t of_place_, of_number_, block_, blocks_, entries_ = 0;
    Choice choice_{};
    std::vector<std::uint32_t> starts_, bounds_;  // of each row's entries, and of its blocks
    Buffer<std::byte> places_, numbers_;          // room for so many entries
    Buffer<std::uint16_t> known_bounds_;          // of all rows of X, from each row's first entry on
};

}  // namespace limpid
