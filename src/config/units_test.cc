#include <gtest/gtest.h>

#include "config/config.h"

namespace caponier::config {
namespace {

TEST(Units, durations_have_a_unit_and_fit) {
  struct Case {
    std::string_view text;
    std::optional<std::int64_t> ms;
  };
  const Case cases[] = {
      {"250ms", 250},
      {"30s", 30'000},
      {"5m", 300'000},
      {"2h", 7'200'000},
      {"1d", 86'400'000},
      {"0s", 0},
      {"9223372036854775807ms", 9223372036854775807},
      {"9223372036854775808ms", std::nullopt},
      {"9223372036854776s", std::nullopt},
      {"18446744073709551616ms", std::nullopt},
      {"", std::nullopt},
      {"30", std::nullopt},
      {"s", std::nullopt},
      {"-1s", std::nullopt},
      {"1.5s", std::nullopt},
      {"1 s", std::nullopt},
      {"1S", std::nullopt},
      {"1h30m", std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_duration_ms(c.text), c.ms) << c.text;
}

TEST(Units, sizes_may_have_a_unit_and_fit) {
  struct Case {
    std::string_view text;
    std::optional<std::uint64_t> bytes;
  };
  const Case cases[] = {
      {"1048576", 1048576},
      {"0", 0},
      {"10B", 10},
      {"500kB", 500'000},
      {"2MB", 2'000'000},
      {"1GB", 1'000'000'000},
      {"64KiB", 65536},
      {"1MiB", 1048576},
      {"1GiB", 1073741824},
      {"1TiB", 1099511627776},
      {"18446744073709551615", 18446744073709551615ULL},
      {"18446744073709551616", std::nullopt},
      {"16777216TiB", std::nullopt},
      {"", std::nullopt},
      {"KiB", std::nullopt},
      {"64K", std::nullopt},
      {"1e3", std::nullopt},
      {"-1", std::nullopt},
      {"1 MiB", std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_bytes(c.text), c.bytes) << c.text;
}

}  // namespace
}  // namespace caponier::config
