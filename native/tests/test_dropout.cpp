// The dropout masks against numbers that NumPy's Philox gave for the same key and counter.
#include <cstring>

#include "check.hpp"
#include "core/dropout.hpp"

int main() {
    constexpr std::size_t rows = 4, units = 5, stride = 6;
    // numpy: bits of Philox(key=11, counter=[0, 0, 2, 5]).random_raw(10) >= 0.4 * 2**32, as 4 rows of 5
    const bool kept[rows][units] = {{1, 0, 1, 0, 0}, {1, 0, 1, 1, 1}, {0, 0, 0, 1, 1}, {0, 1, 0, 1, 1}};
    float mask[rows * stride] = {};
    limpid::dropout_mask(0.4, 11, 5, 2, 0, rows, units, stride, mask);
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t unit = 0; unit < units; ++unit)
            CHECK(mask[row * stride + unit] == (kept[row][unit] ? 1 / 0.6f : 0));
    float later[2 * stride] = {};
    limpid::dropout_mask(0.4, 11, 5, 2, 2, 2, units, stride, later);  // a batch's rows from the third on
    CHECK(std::memcmp(later, mask + 2 * stride, sizeof later) == 0);
    double none[units];
    limpid::dropout_mask(0.9999999999, 11, 5, 2, 0, 1, units, units, none);
    for (const double each : none) CHECK(each == 0);
    return 0;
}
