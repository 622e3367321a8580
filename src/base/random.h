// Randomness is an argument, like time. The real source is the kernel's; the simulator's comes from a seed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caponier {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Fills `bytes` bytes at `out` with bytes nobody can predict.
  virtual void fill(void* out, std::size_t bytes) = 0;
  std::uint64_t next_u64() {
    std::uint64_t value = 0;
    fill(&value, sizeof value);
    return value;
  }
};

}  // namespace caponier
