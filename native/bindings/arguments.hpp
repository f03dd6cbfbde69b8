// What Python hands over, checked by name, kind, shape and value before any native work: a ValueError says what was
// given and what is needed.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <initializer_list>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/targets.hpp"

namespace limpid::bindings {

namespace nb = nanobind;

// An array that stays alive with this object.
template <class T>
struct Array {
    nb::ndarray<nb::ro> owner;
    const T* numbers = nullptr;
    std::vector<std::size_t> shape;

    std::size_t rows() const { return shape[0]; }
};

// `given` as numbers of kind T without anything between the rows; of `shape`, where -1 stands for any number from 1 on
// and `any` for 0 too.
inline constexpr std::ptrdiff_t any = -2;
template <class T>
Array<T> array(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape);

// The same, and every number is finite; a bad one is named by row and column.
template <class T>
Array<T> finite_array(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape);

Network network(const std::vector<std::size_t>& widths, const std::vector<std::string>& activations,
                const std::string& cost, const std::vector<double>& cost_numbers,
                const std::vector<std::size_t>& groups, const std::vector<std::string>& normalizations);
Optimizer optimizer(const std::string& name, const std::map<std::string, double>& numbers);

// Parameters where they lie in Python's memory.
template <class T>
class Parameters {
   public:
    Parameters(const Network& network, const nb::dict& given, const std::string& name);

    Arrays<T> copy() const;
    // To be read now: in place, but in `copies` where rows are no whole vectors or, with `many` rows to read them,
    // would crowd into a few sets of the cache.
    Weights<T> weights(bool many, std::vector<Buffer<T>>& copies) const;

   private:
    Network network_;
    std::vector<std::vector<Array<T>>> arrays_;  // of each layer: those of `Layer::arrays`
};

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
Examples<T> examples(const Network& network, nb::handle X, nb::handle Y, nb::handle weights, Owners& owners);

// A new NumPy array of kind T and its numbers.
template <class T>
std::pair<nb::object, T*> new_array(std::initializer_list<std::size_t> shape);

}  // namespace limpid::bindings
