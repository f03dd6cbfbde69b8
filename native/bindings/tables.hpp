// The rows that are learned from and answered, as Python hands them over: dense, coded or sparse, checked.
#pragma once

#include <optional>

#include "bindings/arrays.hpp"
#include "core/compressed.hpp"
#include "core/targets.hpp"

namespace limpid::bindings {

// What keeps memory alive that is read.
struct Owners {
    std::vector<nb::ndarray<nb::ro>> arrays;
    std::vector<nb::object> objects;

    void push_back(const nb::ndarray<nb::ro>& array) { arrays.push_back(array); }
};

// X with so many inputs: an array (rows, inputs) of uint8, float16, float32 or float64; or a tuple (numbers, places,
// starts, meanings), where places and starts make it compressed sparse rows of so many numbers, and meanings (256,) say
// what each uint8 stands for; each of the three
// may be None. Or a `SharedTable`. Whether dense numbers are finite is left to the caller unless it `looks`.
template <class T>
struct Table {
    Inputs<T> inputs;
    std::size_t rows;
};
template <class T>
Table<T> table(std::size_t inputs, nb::handle X, Owners& owners, bool looks = true);
// Refuses a dense table whose number at that place is not finite; a place behind its end is none.
template <class T>
void check_place(const Table<T>& given, std::size_t inputs, std::size_t place);

// The same for the first such number, where the table is dense.
template <class T>
void check_dense(const Table<T>& given, std::size_t inputs);

// An X that many descents read: checked, and compressed where that pays, once.
template <class T>
class SharedTable {
   public:
    SharedTable(std::size_t inputs, nb::handle X);

    std::size_t inputs() const { return inputs_; }
    Table<T> view() const { return table_; }

   private:
    std::size_t inputs_;
    Owners owners_;
    Table<T> table_;
    std::optional<Compressed<T>> compressed_;
};

// X, Y and weights (None for none) as the network learns from them; `owners` keeps them alive.
template <class T>
Examples<T> examples(const Network& network, nb::handle X, nb::handle Y, nb::handle weights, Owners& owners,
                     bool looks = true);

}  // namespace limpid::bindings
