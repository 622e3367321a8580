#include "net/system_clock.h"

#include <ctime>

namespace caponier::net {

Now SystemClock::now() {
  timespec wall{};
  timespec steady{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  ::clock_gettime(CLOCK_MONOTONIC, &steady);
  return {.wall_ms = std::int64_t{wall.tv_sec} * 1000 + wall.tv_nsec / 1'000'000,
          .steady_us = std::int64_t{steady.tv_sec} * 1'000'000 + steady.tv_nsec / 1000};
}

}  // namespace caponier::net
