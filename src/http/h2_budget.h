// What an HTTP/2 client may make the gateway do for nothing (CVE-2023-44487, CVE-2019-9511 to 9518,
// CVE-2024-27316, CVE-2025-8671): counted by kind, each bounded in one period.
#pragma once

#include <array>
#include <cstdint>

#include "base/limits.h"

namespace caponier::http::h2 {

enum class Idle : std::uint8_t {
  kBrokenStreams,
  kSettings,
  kPings,
  kPriorities,
  kEmptyFrames,
  kSmallWindows,
  kCount
};

class Budget {
 public:
  explicit Budget(const Http2Limits& limits)
      : period_ms_(limits.period_ms),
        most_{limits.broken_streams_max, limits.settings_max,     limits.pings_max,
              limits.priorities_max,     limits.empty_frames_max, limits.small_windows_max} {}

  // False if that is one too many of its kind in this period.
  [[nodiscard]] bool spend(Idle kind, std::int64_t now_ms) {
    if (now_ms - began_ms_ >= period_ms_) {
      spent_ = {};
      began_ms_ = now_ms;
    }
    const auto at = static_cast<std::size_t>(kind);
    return ++spent_[at] <= most_[at];
  }

 private:
  using Counts = std::array<std::uint32_t, static_cast<std::size_t>(Idle::kCount)>;
  std::int64_t period_ms_;
  std::int64_t began_ms_ = 0;
  Counts most_;
  Counts spent_{};
};

}  // namespace caponier::http::h2
