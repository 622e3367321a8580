// The limits and timeouts that the configuration can move, as data: their names, and how far.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/limits.h"
#include "base/tree.h"
#include "config/reader.h"

namespace caponier::config {

struct LimitBound {
  std::string_view group;  // empty: stands in `limits` itself
  std::string_view name;
  std::uint64_t min;
  std::uint64_t max;
  bool is_bytes;
  void (*set)(Limits&, std::uint64_t);
  std::uint64_t (*get)(const Limits&);
};

struct TimeBound {
  std::string_view name;
  std::int64_t min_ms;
  std::int64_t max_ms;
  std::int64_t TimeLimits::*field;
};

std::span<const LimitBound> limit_bounds();
std::span<const TimeBound> time_bounds();

void read_limits(Reader& reader, const Node& root, Limits& limits);
void read_timeouts(Reader& reader, const Node& root, TimeLimits& limits);

}  // namespace caponier::config
