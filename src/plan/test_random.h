// Randomness for tests: predictable, and never the same twice.
#pragma once

#include <cstddef>

#include "base/random.h"

namespace caponier::plan {

class CountingRandom final : public RandomSource {
 public:
  void fill(void* out, std::size_t bytes) override {
    auto* at = static_cast<unsigned char*>(out);
    for (std::size_t i = 0; i < bytes; ++i) {
      state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
      at[i] = static_cast<unsigned char>(state_ >> 56);
    }
  }

 private:
  unsigned long long state_ = 1;
};

}  // namespace caponier::plan
