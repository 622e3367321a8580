#include "stages/scrub/own_headers.h"

#include <array>
#include <charconv>
#include <chrono>

namespace caponier::stages {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_two_digits(std::string& out, unsigned number) {
  out += static_cast<char>('0' + number / 10 % 10);
  out += static_cast<char>('0' + number % 10);
}

std::uint64_t unsigned_of(std::int64_t number) {
  return number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

// A structured-field string: names come from the document, and only plain ones are sent.
void append_policy_name(std::string& out, std::string_view name) {
  out += '"';
  for (const char c : name) out += c >= 0x20 && c < 0x7f && c != '"' && c != '\\' ? c : '_';
  out += '"';
}

}  // namespace

void append_security_headers(std::string& out, const SecurityHeadersPresent& present, bool hsts) {
  out.append("X-Content-Type-Options: nosniff\r\n");
  if (!present.referrer_policy) out.append("Referrer-Policy: no-referrer\r\n");
  if (!present.frame_options) out.append("X-Frame-Options: DENY\r\n");
  if (hsts) out.append("Strict-Transport-Security: max-age=31536000\r\n");
}

void append_rate_limit(std::string& out, const Limited& limited) {
  if (limited.capacity == 0) return;
  out.append("RateLimit: ");
  append_policy_name(out, limited.name);
  out.append(";r=");
  append_number(out, limited.remaining);
  out.append(";t=");
  append_number(out, unsigned_of(limited.reset_s));
  out.append("\r\nRateLimit-Policy: ");
  append_policy_name(out, limited.name);
  out.append(";q=");
  append_number(out, limited.capacity);
  out.append(";w=");
  append_number(out, unsigned_of(limited.window_s));
  out.append("\r\n");
  append_number_header(out, "X-RateLimit-Limit", limited.capacity);
  append_number_header(out, "X-RateLimit-Remaining", limited.remaining);
  append_number_header(out, "X-RateLimit-Reset", unsigned_of(limited.reset_s));
}

void append_date(std::string& out, std::int64_t wall_s) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  using namespace std::chrono;
  const sys_seconds at{seconds(wall_s)};
  const sys_days day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  out.append("Date: ").append(kDays[weekday(day).c_encoding()]).append(", ");
  append_two_digits(out, static_cast<unsigned>(date.day()));
  out.append(" ").append(kMonths[static_cast<unsigned>(date.month()) - 1]).append(" ");
  append_number(out, unsigned_of(static_cast<int>(date.year())));
  out += ' ';
  append_two_digits(out, static_cast<unsigned>(time.hours().count()));
  out += ':';
  append_two_digits(out, static_cast<unsigned>(time.minutes().count()));
  out += ':';
  append_two_digits(out, static_cast<unsigned>(time.seconds().count()));
  out.append(" GMT\r\n");
}

void append_number_header(std::string& out, std::string_view name, std::uint64_t number) {
  out.append(name).append(": ");
  append_number(out, number);
  out.append("\r\n");
}

}  // namespace caponier::stages
