#include "stages/scrub/own_headers.h"

#include <array>
#include <chrono>

namespace caponier::stages {
namespace {

void append_two_digits(TextWriter& out, unsigned number) {
  out.put(static_cast<char>('0' + number / 10 % 10)).put(static_cast<char>('0' + number % 10));
}

std::uint64_t unsigned_of(std::int64_t number) {
  return number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

}  // namespace

void append_security_headers(TextWriter& out, const SecurityHeadersPresent& present, bool hsts) {
  out.put("X-Content-Type-Options: nosniff\r\n");
  if (!present.referrer_policy) out.put("Referrer-Policy: no-referrer\r\n");
  if (!present.frame_options) out.put("X-Frame-Options: DENY\r\n");
  if (hsts) out.put("Strict-Transport-Security: max-age=31536000\r\n");
}

void append_rate_limit(TextWriter& out, const Limited& limited) {
  if (limited.capacity == 0) return;
  const std::uint64_t reset_s = unsigned_of(limited.reset_s);
  out.put("RateLimit: \"").put(limited.name).put("\";r=").decimal(limited.remaining);
  out.put(";t=").decimal(reset_s).put("\r\n").put(limited.policy_headers);
  out.put("X-RateLimit-Remaining: ").decimal(limited.remaining);
  out.put("\r\nX-RateLimit-Reset: ").decimal(reset_s).put("\r\n");
}

void append_date(TextWriter& out, std::int64_t wall_s) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  using namespace std::chrono;
  const sys_seconds at{seconds(wall_s)};
  const sys_days day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  out.put("Date: ").put(kDays[weekday(day).c_encoding()]).put(", ");
  append_two_digits(out, static_cast<unsigned>(date.day()));
  out.put(' ').put(kMonths[static_cast<unsigned>(date.month()) - 1]).put(' ');
  out.decimal(unsigned_of(static_cast<int>(date.year()))).put(' ');
  append_two_digits(out, static_cast<unsigned>(time.hours().count()));
  out.put(':');
  append_two_digits(out, static_cast<unsigned>(time.minutes().count()));
  out.put(':');
  append_two_digits(out, static_cast<unsigned>(time.seconds().count()));
  out.put(" GMT\r\n");
}

}  // namespace caponier::stages
