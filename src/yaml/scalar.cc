#include "yaml/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"

namespace caponier::yaml {
namespace {

// As in JSON documents.
constexpr std::size_t kNumberDigitsMax = 400;
constexpr int kNumberExponentMax = 400;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> candidates) {
  return std::find(candidates.begin(), candidates.end(), text) != candidates.end();
}

std::string_view take_digits(std::string_view& rest) {
  std::size_t count = 0;
  while (count < rest.size() && is_digit(rest[count])) ++count;
  const std::string_view digits = rest.substr(0, count);
  rest.remove_prefix(count);
  return digits;
}

bool take(std::string_view& rest, std::string_view any_of) {
  if (rest.empty() || any_of.find(rest.front()) == std::string_view::npos) return false;
  rest.remove_prefix(1);
  return true;
}

Scalar number(std::string text) {
  return {.kind = NodeKind::kNumber, .text = std::move(text)};
}
Scalar refused(ScalarError error) {
  return {.kind = NodeKind::kNumber, .text = {}, .error = error};
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?, which covers the decimal integers as
// well.
Scalar resolve_decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string_view rest = text;
  take(rest, "+-");
  std::string_view whole = take_digits(rest);
  const bool has_point = take(rest, ".");
  const std::string_view fraction = has_point ? take_digits(rest) : std::string_view();
  if (whole.empty() && fraction.empty()) return {};
  const std::string_view exponent = rest;
  std::string_view exponent_digits;
  if (take(rest, "eE")) {
    take(rest, "+-");
    exponent_digits = take_digits(rest);
    if (exponent_digits.empty()) return {};
  }
  if (!rest.empty()) return {};
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
  if (whole.size() + fraction.size() > kNumberDigitsMax) return refused(ScalarError::kNumberTooLarge);
  exponent_digits.remove_prefix(std::min(exponent_digits.find_first_not_of('0'), exponent_digits.size()));
  int magnitude = 0;
  if (exponent_digits.size() > 3) return refused(ScalarError::kNumberTooLarge);
  std::from_chars(exponent_digits.data(), exponent_digits.data() + exponent_digits.size(), magnitude);
  if (magnitude > kNumberExponentMax) return refused(ScalarError::kNumberTooLarge);
  std::string written = negative ? "-" : "";
  written += whole.empty() ? "0" : whole;
  if (!fraction.empty()) written.append(".").append(fraction);
  written += exponent;
  return number(std::move(written));
}

// 0o17 and 0x1F, in decimal.
Scalar resolve_radix(std::string_view digits, int radix) {
  std::uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value, radix);
  if (parsed.ptr != end || digits.empty()) return {};
  if (parsed.ec == std::errc::result_out_of_range) return refused(ScalarError::kNumberTooLarge);
  return number(std::to_string(value));
}

}  // namespace

Scalar resolve_plain(std::string_view text) {
  if (text.empty() || is_one_of(text, {"~", "null", "Null", "NULL"})) return {.kind = NodeKind::kNull};
  if (is_one_of(text, {"true", "True", "TRUE"})) return {.kind = NodeKind::kBoolean, .boolean = true};
  if (is_one_of(text, {"false", "False", "FALSE"})) return {.kind = NodeKind::kBoolean};
  const char first = text.front();
  if (!is_digit(first) && first != '.' && first != '-' && first != '+') return {};
  if (text.starts_with("0o")) return resolve_radix(text.substr(2), 8);
  if (text.starts_with("0x")) return resolve_radix(text.substr(2), 16);
  std::string_view unsigned_text = text;
  take(unsigned_text, "+-");
  if (is_one_of(unsigned_text, {".inf", ".Inf", ".INF"}) || is_one_of(text, {".nan", ".NaN", ".NAN"})) {
    return refused(ScalarError::kNotANumber);
  }
  return resolve_decimal(text);
}

}  // namespace caponier::yaml
