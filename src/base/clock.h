// Time is an argument. Only main and net/ read a real clock; everything else is told what time it is.
#pragma once

#include <cstdint>

namespace caponier {

// One reading of both clocks, fixed for a whole exchange.
struct Now {
  std::int64_t wall_ms = 0;    // Unix time, milliseconds; may jump
  std::int64_t steady_us = 0;  // monotonic, microseconds; never goes back

  [[nodiscard]] std::int64_t wall_s() const { return wall_ms / 1000; }
  [[nodiscard]] std::int64_t steady_ms() const { return steady_us / 1000; }
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() = 0;
};

// "2026-01-31T23:59:59.123Z" (RFC 3339, UTC), 24 characters into `out`, which has room for them.
void format_rfc3339(std::int64_t wall_ms, char* out);

}  // namespace caponier
