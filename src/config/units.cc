#include <limits>
#include <utility>

#include "base/bytes.h"
#include "config/config.h"

namespace caponier::config {
namespace {

// The digits that `text` begins with, and what follows them.
std::optional<std::pair<std::uint64_t, std::string_view>> split_number(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  const std::optional<std::uint64_t> number = parse_decimal(text.substr(0, digits));
  if (digits == 0 || !number) return std::nullopt;
  return std::pair(*number, text.substr(digits));
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

template <std::size_t N>
std::optional<std::uint64_t> scaled(std::string_view text, const Unit (&units)[N], std::uint64_t value_max) {
  const auto parts = split_number(text);
  if (!parts) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != parts->second) continue;
    if (parts->first > value_max / unit.factor) return std::nullopt;
    return parts->first * unit.factor;
  }
  return std::nullopt;
}

constexpr Unit kDurations[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit kSizes[] = {{"", 1},
                           {"B", 1},
                           {"kB", 1000},
                           {"MB", 1000'000},
                           {"GB", 1000'000'000},
                           {"KiB", 1ULL << 10},
                           {"MiB", 1ULL << 20},
                           {"GiB", 1ULL << 30},
                           {"TiB", 1ULL << 40}};

}  // namespace

std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
  const auto value = scaled(text, kDurations, std::numeric_limits<std::int64_t>::max());
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  return scaled(text, kSizes, std::numeric_limits<std::uint64_t>::max());
}

}  // namespace caponier::config
