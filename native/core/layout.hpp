// How arrays lie in memory: rows filled up to whole cache lines, so that vectors may be read and written past the end
// of a row at any SIMD level. What fills the rows up never reaches a number that counts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include "core/network.hpp"

namespace limpid {

inline constexpr std::size_t cache_line = 64;

// Numbers from row to row of a matrix with `columns` columns: an odd number of cache lines, since with a power of two
// a column of tiles would crowd into a few sets of the cache.
template <class T>
constexpr std::size_t stride_of(std::size_t columns) {
    constexpr std::size_t line = cache_line / sizeof(T);
    return ((columns + line - 1) / line | 1) * line;
}

// Copies `rows` rows of `columns` numbers, so many numbers from row to row there and here.
template <class T>
void copy_rows(const T* from, std::size_t from_stride, std::size_t rows, std::size_t columns, T* to,
               std::size_t to_stride) {
    for (std::size_t row = 0; row < rows; ++row) std::copy_n(from + row * from_stride, columns, to + row * to_stride);
}

// Aligned memory of `bytes` bytes, zeros at first; in large pages where there is much of it and the system has them,
// since rows read in random order would else wait for the page tables. Errors: std::bad_alloc.
void* allocate(std::size_t bytes);
void release(void* memory, std::size_t bytes);

// Aligned memory, zeros at first.
template <class T>
class Buffer {
   public:
    Buffer() = default;
    explicit Buffer(std::size_t count) {
        if (count > std::numeric_limits<std::size_t>::max() / sizeof(T) / 2) throw std::bad_alloc();
        numbers_ = {static_cast<T*>(allocate(count * sizeof(T))), Release{count * sizeof(T)}};
    }
    T* get() const { return numbers_.get(); }

   private:
    struct Release {
        std::size_t bytes = 0;
        void operator()(T* numbers) const { release(numbers, bytes); }
    };
    std::unique_ptr<T[], Release> numbers_;
};

// The parameters of every layer where they lie: W (inputs, units) with `stride` numbers from row to row, b (units,),
// and what normalisation owns (null where there is none), all readable a vector past their end. Of an embedding W holds
// what is learned, row by row, or where it lies `whole` every input's weights to every unit.
template <class T>
struct Weights {
    struct OfLayer {
        const T *W, *b;
        std::size_t stride;
        const T *gamma = nullptr, *beta = nullptr, *mean = nullptr, *variance = nullptr;
        bool whole = false;
    };
    std::vector<OfLayer> layers;
};

// What is learned of an embedding's W (inputs, units), which has nothing between its rows, row by row.
template <class T>
void copy_learned(const Layer& layer, const T* W, T* to, std::size_t stride);

// W (inputs, units), b (units,) and what normalisation owns of every layer, or arrays of the same shapes: slopes, what
// an optimizer remembers. Of an embedding only what is learned: W (rows, dimensions).
template <class T>
class Arrays {
   public:
    struct OfLayer {
        std::size_t inputs, units, stride;
        Buffer<T> W, b, gamma, beta, mean, variance;

        // From and to arrays without anything between the rows, those of `Layer::arrays`; of an embedding `passing` is
        // what stands where an input passes on.
        void read(const Layer& layer, const T* const* from);
        void write(const Layer& layer, T* const* to, T passing) const;
        // Whether its weights cost anything and decay: those of an embedding do not.
        bool decays() const { return b.get(); }
        // All that there are but W, in that order.
        std::vector<T*> rows() const;
        bool finite() const;
    };
    std::vector<OfLayer> layers;

    Weights<T> view() const;

    bool finite() const;
    // Adds `factor` times the other's weights, biases left out.
    void add_weights(T factor, const Arrays& other);

    // Zeros; without `weights` W has no room.
    explicit Arrays(const Network& network, bool weights = true);
};

}  // namespace limpid
