#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace caponier {
namespace {

std::string rfc3339(std::int64_t wall_ms) {
  std::string out(24, '?');
  format_rfc3339(wall_ms, out.data());
  return out;
}

struct Case {
  std::int64_t wall_ms;
  std::string expected;
};

TEST(Clock, rfc3339_is_right_at_the_edges_of_the_calendar) {
  const Case cases[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {951'782'400'000, "2000-02-29T00:00:00.000Z"},
      {951'868'799'999, "2000-02-29T23:59:59.999Z"},
      {1'769'903'999'123, "2026-01-31T23:59:59.123Z"},
      {4'107'542'400'000, "2100-03-01T00:00:00.000Z"},  // 2100 is no leap year
      {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
      {253'402'300'800'000, "9999-12-31T23:59:59.999Z"},  // one past: held
      {-62'167'219'200'000, "0000-01-01T00:00:00.000Z"},
      {-62'167'219'200'001, "0000-01-01T00:00:00.000Z"},
      {INT64_MAX, "9999-12-31T23:59:59.999Z"},
      {INT64_MIN, "0000-01-01T00:00:00.000Z"},
  };
  for (const Case& c : cases) EXPECT_EQ(rfc3339(c.wall_ms), c.expected);
}

TEST(Clock, rfc3339_agrees_with_the_c_library_over_two_centuries) {
  for (std::int64_t s = -2'208'988'800; s < 4'102'444'800; s += 86'400 * 3 + 12'345) {
    const std::time_t time = s;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char expected[32];
    std::strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
    ASSERT_EQ(rfc3339(s * 1000), expected);
  }
}

TEST(Clock, seconds_and_milliseconds_come_from_one_reading) {
  const Now now{.wall_ms = 1'999, .steady_us = 2'999'999};
  EXPECT_EQ(now.wall_s(), 1);
  EXPECT_EQ(now.steady_ms(), 2'999);
}

}  // namespace
}  // namespace caponier
