// The first number that is not finite is found wherever it lies, and nothing else is taken for one.
#include <cstring>
#include <limits>
#include <vector>

#include "check.hpp"
#include "core/finite.hpp"

using namespace limpid;

namespace {

template <class T>
void check(const std::vector<T>& finite, const std::vector<T>& others) {
    for (const std::size_t count : {0, 1, 1023, 1024, 1025, 5000}) {
        std::vector<T> numbers(count);
        for (std::size_t at = 0; at < count; ++at) numbers[at] = finite[at % finite.size()];
        CHECK(first_not_finite(numbers.data(), count) == count);
        for (const T& other : others)
            for (const std::size_t at : {0, 1, 1022, 1023, 1024, 2047, 4999}) {
                if (at >= count) continue;
                std::vector<T> with = numbers;
                with[at] = with.back() = other;
                CHECK(first_not_finite(with.data(), count) == at);
            }
    }
}

template <class T>
void check_numbers() {
    using Limits = std::numeric_limits<T>;
    check<T>({0, -T(0), 1, -1, Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min()},
             {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), -Limits::quiet_NaN()});
}

}  // namespace

int main() {
    check_numbers<float>();
    check_numbers<double>();
    check<Half>({{0}, {0x8000}, {1}, {0x7BFF}, {0xFBFF}}, {{0x7C00}, {0xFC00}, {0x7C01}, {0xFFFF}});
    check<std::uint8_t>({0, 1, 127, 255}, {});
    return 0;
}
