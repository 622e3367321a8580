// RFC 3339, with its appendix A for durations.
#include "base/bytes.h"
#include "schema/format.h"

namespace caponier::schema {
namespace {

// The two digits at `at`, or -1.
int two_digits(std::string_view text, std::size_t at) {
  if (at + 2 > text.size() || !is_digit(text[at]) || !is_digit(text[at + 1])) return -1;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

int days_in(int month, int year) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Minutes east of UTC, or nullopt if `text` is no offset.
std::optional<int> offset_minutes(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const int hours = two_digits(text, 1);
  const int minutes = two_digits(text, 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

// Takes digits and one of `units`, in their order and without a gap: appendix A has no "years and days" and
// no "hours and seconds".
bool take_units(std::string_view& text, std::string_view units, bool& any) {
  std::size_t next = 0;
  any = false;
  while (!text.empty() && is_digit(text[0])) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    if (digits == text.size()) return false;
    const std::size_t unit = units.find(text[digits]);
    if (unit == std::string_view::npos || unit < next || (any && unit != next)) return false;
    next = unit + 1;
    any = true;
    text.remove_prefix(digits + 1);
  }
  return true;
}

}  // namespace

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const int century = two_digits(text, 0);
  const int years = two_digits(text, 2);
  const int month = two_digits(text, 5);
  const int day = two_digits(text, 8);
  if (century < 0 || years < 0 || month < 1 || month > 12 || day < 1) return false;
  return day <= days_in(month, century * 100 + years);
}

bool is_time(std::string_view text) {
  if (text.size() < 9 || text[2] != ':' || text[5] != ':') return false;
  const int hour = two_digits(text, 0);
  const int minute = two_digits(text, 3);
  const int second = two_digits(text, 6);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  std::size_t at = 8;
  if (text[at] == '.') {
    const std::size_t first = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == first) return false;
  }
  const auto offset = offset_minutes(text.substr(at));
  if (!offset) return false;
  if (second < 60) return true;
  // A leap second is the last of a UTC day.
  constexpr int kDay = 24 * 60;
  return (hour * 60 + minute - *offset + 2 * kDay) % kDay == kDay - 1;
}

bool is_date_time(std::string_view text) {
  if (text.size() < 11 || (text[10] != 'T' && text[10] != 't')) return false;
  return is_date(text.substr(0, 10)) && is_time(text.substr(11));
}

bool is_duration(std::string_view text) {
  if (!text.starts_with('P')) return false;
  text.remove_prefix(1);
  bool weeks = false;
  std::string_view rest = text;
  if (take_units(rest, "W", weeks) && weeks) return rest.empty();
  bool date = false;
  if (!take_units(text, "YMD", date)) return false;
  if (text.empty()) return date;
  if (text[0] != 'T') return false;
  text.remove_prefix(1);
  bool time = false;
  return take_units(text, "HMS", time) && time && text.empty();
}

}  // namespace caponier::schema
