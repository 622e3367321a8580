// Bugs that are there on purpose, one for each fuzzer and some for the simulation: evidence that they would
// find it (`./dev canary`). Only a build with CAPONIER_CANARIES has them, and there CAPONIER_CANARY chooses
// one; in every other build a canary is `false` while compiling, and nothing of it remains.
#pragma once

#include <cstdlib>
#include <string_view>

namespace caponier {

#if defined(CAPONIER_CANARIES)
[[nodiscard]] inline bool canary(std::string_view name) {
  static const char* const chosen = std::getenv("CAPONIER_CANARY");
  return chosen != nullptr && name == chosen;
}
#else
[[nodiscard]] consteval bool canary(std::string_view /*name*/) {
  return false;
}
#endif

}  // namespace caponier
