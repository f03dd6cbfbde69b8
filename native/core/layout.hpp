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

// Aligned memory, zeros at first.
template <class T>
class Buffer {
   public:
    Buffer() = default;
    explicit Buffer(std::size_t count) {
        if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_alloc();
        numbers_.reset(static_cast<T*>(::operator new[](count * sizeof(T), std::align_val_t{cache_line})));
        for (std::size_t at = 0; at < count; ++at) numbers_[at] = 0;
    }
    T* get() const { return numbers_.get(); }

   private:
    struct Free {
        void operator()(T* numbers) const { ::operator delete[](numbers, std::align_val_t{cache_line}); }
    };
    std::unique_ptr<T[], Free> numbers_;
};

// W (inputs, units) and b (units,) of every layer, or arrays of the same shapes: slopes, what an optimizer remembers.
template <class T>
class Arrays {
   public:
    struct OfLayer {
        std::size_t inputs, units, stride;
        Buffer<T> W, b;

        // From and to arrays without anything between the rows.
        void read(const T* from_W, const T* from_b);
        void write(T* to_W, T* to_b) const;
    };
    std::vector<OfLayer> layers;

    // Adds `factor` times the other's weights, biases left out.
    void add_weights(T factor, const Arrays& other);

    // Zeros; without `weights` only the biases have room.
    explicit Arrays(const Network& network, bool weights = true);
};

}  // namespace limpid
