// Networks, optimizers and parameters as Python hands them over, checked.
#pragma once

#include <map>
#include <string_view>

#include "bindings/arrays.hpp"
#include "core/layout.hpp"
#include "core/simd.hpp"

namespace limpid::bindings {

// The vector instructions in use: what $LIMPID_SIMD names, else the best that there are. Errors: std::invalid_argument.
SimdLevel level();
// Those for products of bfloat16. Errors: the same where there are none.
SimdLevel bfloat16_level();

// Refuses a number that does not fit, by its name and what is needed.
void check_number(const char* name, bool fits, const char* needed, double given);

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

// Arrays as the dictionary that Python knows parameters by: made of the right shapes, then filled.
template <class T>
struct Dictionary {
    nb::dict made;
    std::vector<std::vector<T*>> numbers;  // of each layer: those of `Layer::arrays`

    explicit Dictionary(const Network& network) : network_(network) {
        for (const Layer& layer : network.layers) {
            numbers.emplace_back();
            for (const std::string_view kind : layer.arrays()) {
                const auto [array, of_array] =
                    kind == "W" ? new_array<T>({layer.inputs, layer.units}) : new_array<T>({layer.units});
                made[(std::string(kind) + std::to_string(numbers.size())).c_str()] = array;
                numbers.back().push_back(of_array);
            }
        }
    }
    // `passing` stands where an embedding passes an input on.
    void fill(const Arrays<T>& from, T passing) {
        for (std::size_t at = 0; at < from.layers.size(); ++at)
            from.layers[at].write(network_.layers[at], numbers[at].data(), passing);
    }

   private:
    const Network& network_;
};

}  // namespace limpid::bindings
