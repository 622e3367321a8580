// All chance of a simulated run: one seed, the same run.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace caponier::sim {

class Dice final : public RandomSource {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U + 1) {}

  // splitmix64
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  // 0 to n - 1
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }
  void fill(void* out, std::size_t bytes) override {
    for (std::size_t i = 0; i < bytes; ++i) static_cast<unsigned char*>(out)[i] = next() & 0xff;
  }

 private:
  std::uint64_t state_;
};

}  // namespace caponier::sim
