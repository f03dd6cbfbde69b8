// One pass over examples with fixed parameters: forward to the outputs, forward with everything on the way, or back to
// every slope. `Descent`, which changes the parameters, is in train.hpp. At most `threads` threads work on one (0: all
// that are allowed), fewer where there is little to do.
#pragma once

#include "core/sweep.hpp"

namespace limpid {

// The outputs (rows, outputs) for X (rows, inputs). Returns the place of the first number in a dense X that is not
// finite, and rows x inputs where there is none; if there is one, the outputs are not all written.
template <class T>
std::size_t predict(const Network& network, const Weights<T>& parameters, const Inputs<T>& X, std::size_t rows,
                    SimdLevel level, std::size_t threads, T* outputs);

// The outputs for the examples' X, and what each row costs (rows,), whatever it weighs and without a penalty. Returns
// the same.
template <class T>
std::size_t judge(const Network& network, const Weights<T>& parameters, const Examples<T>& examples, SimdLevel level,
                  std::size_t threads, double* costs, T* outputs);

// Every layer's weighted sums and activations, (rows, units) each. Returns the same.
template <class T>
std::size_t trace(const Network& network, const Weights<T>& parameters, const Inputs<T>& X, std::size_t rows,
                  SimdLevel level, std::size_t threads, const std::vector<T*>& z, const std::vector<T*>& a);

// Cost and penalty averaged over the examples by their weights, every layer's delta (rows, units), and the slopes.
template <class T>
BatchCost gradients(const Network& network, const Arrays<T>& parameters, const Examples<T>& examples, double l2,
                    SimdLevel level, std::size_t threads, const std::vector<T*>& deltas, Arrays<T>& slopes);

}  // namespace limpid
