// What the stages that count failed authentications agree on.
#pragma once

#include <cstdint>

#include "base/limits.h"
#include "stages/failures.h"

namespace caponier::stages {

inline FailureBudget identity_budget(const ConnectionLimits& limits) {
  return {limits.failed_authentications_per_identity_burst,
          limits.failed_authentications_per_identity_per_minute};
}

// For Retry-After, which has whole seconds.
constexpr std::int64_t seconds_up(std::int64_t us) {
  return us <= 0 ? 1 : (us + 999'999) / 1'000'000;
}

}  // namespace caponier::stages
