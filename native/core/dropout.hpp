// Dropout masks by counter, the same as dropout.py draws: seed, step, layer, row and unit decide.
#pragma once

#include <cstddef>
#include <cstdint>

namespace limpid {

// 0 for a dropped unit, else 1 / (1 - rate), for the `rows` rows of a batch from its row `first` on; `stride` numbers
// from row to row. `step` counts from 0, `layer` hidden layers from 1.
template <class T>
void dropout_mask(double rate, std::uint64_t seed, std::uint64_t step, std::uint64_t layer, std::size_t first,
                  std::size_t rows, std::size_t units, std::size_t stride, T* mask);

}  // namespace limpid
