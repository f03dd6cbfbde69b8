#include "core/dropout.hpp"

#include <cmath>

namespace limpid {
namespace {

// Philox 4x64-10 (Salmon et al. 2011): 256 random bits for each counter and key.
class Philox {
   public:
    Philox(std::uint64_t block, std::uint64_t layer, std::uint64_t step, std::uint64_t seed)
        : words_{block, 0, layer, step} {
        std::uint64_t first_key = seed, second_key = 0;
        for (int round = 0; round < 10; ++round) {
            const auto [low0, high0] = multiply(words_[0], 0xD2E7470EE14C6C93);
            const auto [low1, high1] = multiply(words_[2], 0xCA5A826395121157);
            words_[0] = high1 ^ words_[1] ^ first_key, words_[1] = low1;
            words_[2] = high0 ^ words_[3] ^ second_key, words_[3] = low0;
            first_key += 0x9E3779B97F4A7C15, second_key += 0xBB67AE8584CAA73B;
        }
    }

    // The place-th of eight numbers of 32 bits.
    std::uint32_t number(std::size_t place) const {
        return static_cast<std::uint32_t>(words_[place / 2] >> (32 * (place % 2)));
    }

   private:
    struct Product {
        std::uint64_t low, high;
    };
    static Product multiply(std::uint64_t a, std::uint64_t b) {
        // 128 bits are beyond the standard, but every 64-bit compiler that can build this has them
        __extension__ using Wide = unsigned __int128;
        const Wide product = static_cast<Wide>(a) * b;
        return {static_cast<std::uint64_t>(product), static_cast<std::uint64_t>(product >> 64)};
    }
    std::uint64_t words_[4];
};

}  // namespace

template <class T>
void dropout_mask(double rate, std::uint64_t seed, std::uint64_t step, std::uint64_t layer, std::size_t first,
                  std::size_t rows, std::size_t units, std::size_t stride, T* mask) {
    const double least = std::nearbyint(rate * 0x1p32);
    const T kept = static_cast<T>(1 / (1 - rate));
    std::uint64_t place = first * units;  // counted row by row, eight of them a block, the first block is number 1
    Philox block(1 + place / 8, layer, step, seed);
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t unit = 0; unit < units; ++unit, ++place) {
            if (place % 8 == 0) block = Philox(1 + place / 8, layer, step, seed);
            mask[row * stride + unit] = block.number(place % 8) >= least ? kept : T(0);
        }
}

template void dropout_mask(double, std::uint64_t, std::uint64_t, std::uint64_t, std::size_t, std::size_t, std::size_t,
                           std::size_t, float*);
template void dropout_mask(double, std::uint64_t, std::uint64_t, std::uint64_t, std::size_t, std::size_t, std::size_t,
                           std::size_t, double*);

}  // namespace limpid
