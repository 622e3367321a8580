// The kernel's randomness.
#pragma once

#include <sys/random.h>

#include <cstdlib>

#include "base/random.h"

namespace caponier::cli {

class SystemRandom final : public RandomSource {
 public:
  void fill(void* out, std::size_t bytes) override {
    // getrandom cannot fail for requests this small once the kernel's pool is ready; without randomness
    // nothing is safe.
    if (bytes > 256 || getrandom(out, bytes, 0) != static_cast<ssize_t>(bytes)) std::abort();
  }
};

}  // namespace caponier::cli
