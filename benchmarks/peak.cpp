// The most multiply-adds a second in float32 that the processor reaches with nothing else to do.
// peak THREADS prints GFLOP/s, a multiply-add counted as two, the best of several tries.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#if defined(__AVX512F__)
constexpr int bytes = 64;
#elif defined(__AVX__)
constexpr int bytes = 32;
#else
constexpr int bytes = 16;
#endif
using Vector = float __attribute__((vector_size(bytes)));
constexpr int lanes = bytes / sizeof(float);
constexpr int chains = 12;  // more than a processor has under way at once, fewer than it has registers
constexpr long rounds = 30'000'000;

float spin() {
  Vector sums[chains], factor, addend;
  for (int lane = 0; lane < lanes; ++lane) {
    factor[lane] = 0.999f;
    addend[lane] = 0.001f;
  }
  for (Vector& sum : sums) sum = addend;
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int chain = 0; chain < chains; ++chain) sums[chain] = sums[chain] * factor + addend;
    asm volatile("");  // or the compiler might work out the end of the loop
  }
  Vector total = sums[0];
  for (int chain = 1; chain < chains; ++chain) total += sums[chain];
  return total[0];
}

int main(int, char** arguments) {
  const int count = std::atoi(arguments[1]);
  double best = 0;
  std::vector<float> kept(count);
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (int number = 0; number < count; ++number) {
      threads.emplace_back([&kept, number] { kept[number] = spin(); });
    }
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2e-9 * count * chains * lanes * rounds / taken.count());
  }
  std::printf("%.1f %d\n", best, kept[0] > 0 ? lanes : 0);
}
