#include "base/clock.h"

#include <algorithm>

#include "base/decimal.h"

namespace caponier {
namespace {

// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z: four digits of year is all that RFC 3339 has.
constexpr std::int64_t kFirstMs = -62'167'219'200'000;
constexpr std::int64_t kLastMs = 253'402'300'799'999;
constexpr std::int64_t kDayMs = 86'400'000;

struct Date {
  unsigned year;
  unsigned month;
  unsigned day;
};

// Howard Hinnant, "chrono-compatible low-level date algorithms": civil_from_days.
Date date_of(std::int64_t days_since_1970) {
  const std::int64_t days = days_since_1970 + 719'468;  // since 0000-03-01
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned month_from_march = (5 * day_of_year + 2) / 153;
  const unsigned day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const std::int64_t year = static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0);
  return {static_cast<unsigned>(year), month, day};
}

// Two digits, and what stands behind them.
char* put(char* out, unsigned below_100, char separator) {
  out = write_two_digits(out, below_100);
  *out = separator;
  return out + 1;
}

}  // namespace

void format_rfc3339(std::int64_t wall_ms, char* out) {
  wall_ms = std::clamp(wall_ms, kFirstMs, kLastMs);
  std::int64_t days = wall_ms / kDayMs;
  std::int64_t in_day = wall_ms % kDayMs;
  if (in_day < 0) {
    in_day += kDayMs;
    --days;
  }
  const Date date = date_of(days);
  const auto ms = static_cast<unsigned>(in_day);
  const unsigned second = ms / 1'000;
  const unsigned minute = second / 60;
  out = write_two_digits(out, date.year / 100);
  out = put(out, date.year % 100, '-');
  out = put(out, date.month, '-');
  out = put(out, date.day, 'T');
  out = put(out, minute / 60, ':');
  out = put(out, minute % 60, ':');
  out = put(out, second % 60, '.');
  const unsigned thousandths = ms % 1'000;
  *out++ = static_cast<char>('0' + thousandths / 100);
  put(out, thousandths % 100, 'Z');
}

}  // namespace caponier
