// Networks, optimizers and parameters as Python hands them over, checked.
#pragma once

#include <map>

#include "bindings/arrays.hpp"
#include "core/layout.hpp"

namespace limpid::bindings {

Network network(const std::vector<std::size_t>& widths, const std::vector<std::string>& activations,
                const std::string& cost, const std::vector<double>& cost_numbers,
                const std::vector<std::size_t>& groups, const std::vector<std::string>& normalizations,
                const std::vector<std::pair<std::size_t, std::size_t>>& columns, std::size_t dimensions);
Optimizer optimizer(const std::string& name, const std::map<std::string, double>& numbers);

// Parameters where they lie in Python's memory.
template <class T>
class Parameters {
   public:
    // `passing` is what must stand where an embedding passes an input on; its other fixed numbers must be 0.
    Parameters(const Network& network, const nb::dict& given, const std::string& name, T passing);

    Arrays<T> copy() const;
    // To be read now: in place, but in `copies` where rows are no whole vectors or, with `many` rows to read them,
    // would crowd into a few sets of the cache.
    Weights<T> weights(bool many, std::vector<Buffer<T>>& copies) const;

   private:
    Network network_;
    std::vector<std::vector<Array<T>>> arrays_;  // of each layer: those of `Layer::arrays`
};

}  // namespace limpid::bindings
