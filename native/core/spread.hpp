// The rows of a batch that are in lists, spread out again and turned over: what each input is in all rows. Slopes along
// it are then summed up in registers, where lists of rows would read and write them in memory for each entry.
#pragma once

#include "core/choice.hpp"
#include "core/kernels.hpp"

namespace limpid {

template <class T>
class Spread {
   public:
    // Room for so many inputs at a time, of up to so many rows.
    Spread(std::size_t inputs, std::size_t rows)
        : stride_(stride_of<T>(rows)), numbers_(inputs * stride_ + seen_together) {}

    // Those inputs, which are part `part` of the rows in `x`, until the next are spread.
    void fill(const Lists<T>& x, std::size_t part, Range inputs, std::size_t rows);
    // As the left factor of slopes.
    void describe(Factors<T>& factors) const {
        factors.a = numbers_.get(), factors.a_stride = stride_, factors.mostly_zero = true;
    }

   private:
    std::size_t stride_;
    Buffer<T> numbers_;
};

}  // namespace limpid
