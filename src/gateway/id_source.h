// Request IDs and trace IDs, unguessable and unique, without asking the kernel for each; and span IDs, which
// are unique, and open nothing to who guesses one.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/digest.h"
#include "base/random.h"

namespace caponier::gateway {

class IdSource {
 public:
  explicit IdSource(RandomSource& random)
      : key_{random.next_u64(), random.next_u64()}, span_(random.next_u64()) {}
  // 32 lower-case hexadecimal digits, in `arena`.
  std::string_view next_128(Arena& arena);
  // 16 of them.
  std::string_view next_64(Arena& arena);

 private:
  DigestKey key_;
  std::uint64_t count_ = 0;
  std::uint64_t span_;
};

}  // namespace caponier::gateway
