// What Python hands over, checked by name, kind, shape and value before any native work: a ValueError says what was
// given and what is needed.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/batch.hpp"

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

// `given` as numbers of kind T without anything between the rows; of `shape`, where -1 stands for any number from 1 on.
template <class T>
Array<T> array(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape);

// The same, and every number is finite; a bad one is named by row and column.
template <class T>
Array<T> finite_array(nb::handle given, const std::string& name, std::initializer_list<std::ptrdiff_t> shape);

Network network(const std::vector<std::size_t>& widths, const std::vector<std::string>& activations,
                const std::string& cost, double cost_number);
Optimizer optimizer(const std::string& name, const std::map<std::string, double>& numbers);

// W1, b1, W2, ... as the network has them.
template <class T>
Arrays<T> parameters(const Network& network, const nb::dict& given, const std::string& name);

// X, Y and weights (None for none) as the network learns from them; `owners` keeps them alive.
template <class T>
Examples<T> examples(const Network& network, nb::handle X, nb::handle Y, nb::handle weights,
                     std::vector<Array<T>>& owners);

// A new NumPy array of kind T and its numbers.
template <class T>
std::pair<nb::object, T*> new_array(std::initializer_list<std::size_t> shape);

}  // namespace limpid::bindings
