// Zeros left out of dense rows, once for all.
#pragma once

#include <vector>

#include "core/inputs.hpp"

namespace limpid {

// Whether leaving zeros out of dense rows pays for a first layer of so many units, once for all or `each_time` that
// they are read; by a hundred rows from all over X. A number of a dense row takes `dense_time` of float32's time.
template <class T>
bool leaving_out_pays(const Inputs<T>& dense, std::size_t rows, std::size_t inputs, std::size_t units, bool each_time,
                      double dense_time = 1);

// Dense inputs of which most are zero, kept without these, a byte each where there are few different ones.
template <class T>
class Compressed {
   public:
    Compressed(const Inputs<T>& dense, std::size_t rows, std::size_t inputs);
    Inputs<T> view() const;
    // Whether every number of what it was made from is known to be finite: those that are not zero were looked at, as
    // far as they did not have to be made numbers of another kind.
    bool finite() const { return finite_; }

   private:
    template <class U>
    void fill(const Inputs<T>& dense, const U* numbers, std::size_t rows, std::size_t inputs);
    // Packs each row's places and what `encode(numbers, count)` makes of its numbers; false where that is null.
    template <class Kept, class U, class Encode>
    bool pack(const Inputs<T>& dense, const U* numbers, std::size_t rows, std::size_t inputs, Encode encode);
    // With a code for each number; false where there are too many different ones.
    template <class U>
    bool pack_codes(const Inputs<T>& dense, const U* numbers, std::size_t rows, std::size_t inputs);

    Buffer<std::int64_t> starts_;
    Buffer<std::byte> packed_;  // or, where there are too many inputs,
    std::vector<std::int64_t> places_;
    std::vector<T> numbers_;
    bool coded_ = false;  // whether numbers are codes
    bool finite_ = true;
    std::vector<T> own_meanings_;  // of codes that were not given
    const T* meanings_;
};

}  // namespace limpid
