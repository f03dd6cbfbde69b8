// Numbers of which there are few different ones, as codes of one byte: pixels that were divided by 255, say.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace limpid {

template <class T>
class Codebook {
   public:
    static constexpr std::size_t most = 256;

    Codebook() : meanings_(most), slots_(places) {}

    // The number's code, a new one where it is met for the first time; `most` where that is one too many.
    std::size_t code(T number) {
        const auto bits = std::bit_cast<Bits>(number);
        for (std::size_t at = place_of(bits);; at = (at + 1) % places) {
            Slot& slot = slots_[at];
            if (slot.bits == bits && slot.taken) return slot.code;
            if (slot.taken) continue;
            if (count_ == most) return most;
            meanings_[count_] = number;
            slot = {bits, true, static_cast<std::uint8_t>(count_++)};
            return slot.code;
        }
    }
    // (256,) what each code stands for, zero where it is none's.
    const T* meanings() const { return meanings_.data(); }

   private:
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    struct Slot {
        Bits bits = 0;
        bool taken = false;
        std::uint8_t code = 0;
    };
    static constexpr std::size_t places = 32 * most;  // hardly two numbers want the same, so branches are foreseen

    // Multiplicative hashing (Knuth, The Art of Computer Programming 3, 6.4): the golden ratio spreads the upper bits.
    static std::size_t place_of(std::uint64_t bits) {
        return bits * 0x9E3779B97F4A7C15 >> (64 - std::bit_width(places - 1));
    }

    std::size_t count_ = 0;
    std::vector<T> meanings_;
    std::vector<Slot> slots_;
};

}  // namespace limpid
