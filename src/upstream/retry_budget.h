// How many tries again an upstream is given: a share of its requests of the last ten seconds, and a floor, so
// that a failing upstream is not multiplied. No I/O; time is an argument.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/upstream_rules.h"

namespace caponier::upstream {

class RetryBudget {
 public:
  void count_request(std::int64_t now_ms) { ++slot(now_ms).requests; }
  // Whether one more may be tried; counts it.
  bool take(const RetryRules& rules, std::int64_t now_ms) {
    Slot& now = slot(now_ms);
    std::uint64_t requests = 0;
    std::uint64_t retries = 0;
    for (const Slot& one : slots_) {
      if (one.second + static_cast<std::int64_t>(kSlots) <= now.second) continue;
      requests += one.requests;
      retries += one.retries;
    }
    if (retries >= requests * rules.budget_percent / 100 + rules.budget_min) return false;
    ++now.retries;
    return true;
  }

 private:
  static constexpr std::size_t kSlots = 10;  // a second each
  struct Slot {
    std::int64_t second = -static_cast<std::int64_t>(kSlots);
    std::uint32_t requests = 0;
    std::uint32_t retries = 0;
  };
  Slot& slot(std::int64_t now_ms) {
    const std::int64_t second = now_ms / 1000;
    Slot& found = slots_[static_cast<std::size_t>(second) % kSlots];
    if (found.second != second) found = {second, 0, 0};
    return found;
  }
  std::array<Slot, kSlots> slots_;
};

}  // namespace caponier::upstream
