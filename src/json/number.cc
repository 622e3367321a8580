#include "json/number.h"

#include <cfloat>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/bytes.h"

namespace caponier::json {
namespace {

// Up to 19 decimal digits always fit.
constexpr std::uint32_t kDigitsOf64Bits = 19;

// The number as mantissa * 10^exponent; inexact if it has more significant digits than a mantissa holds.
struct Decimal {
  std::uint64_t mantissa = 0;
  std::int32_t exponent = 0;
  bool exact = true;
};

NumberReading refuse(ReadError error, const char* where) {
  return {.at = where, .integer = 0, .ok = false, .is_integer = false, .error = error};
}

NumberReading refuse_digit(const char* at, const char* end) {
  return refuse(at == end ? ReadError::kTruncated : ReadError::kSyntax, at);
}

NumberReading integer_of(std::int64_t value, const char* end) {
  return {.at = end, .integer = value, .ok = true, .is_integer = true, .error = {}};
}

NumberReading real_of(double value, const char* end) {
  return {.at = end, .real = value, .ok = true, .is_integer = false, .error = {}};
}

// The digits of [at, end) without point and leading and trailing zeros, if they fit.
Decimal condense(const char* at, const char* end, std::int32_t exponent) {
  Decimal result{.exponent = exponent};
  std::uint32_t kept = 0;
  std::uint32_t zeros = 0;  // seen and not kept yet
  bool fraction = false;
  for (; at != end; ++at) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    if (fraction) --result.exponent;
    if (*at == '0') {
      if (kept > 0) ++zeros;
      continue;
    }
    kept += zeros + 1;
    if (kept > kDigitsOf64Bits) {
      result.exact = false;
      return result;
    }
    for (; zeros > 0; --zeros) result.mantissa *= 10;
    result.mantissa = result.mantissa * 10 + static_cast<std::uint64_t>(*at - '0');
  }
  result.exponent += static_cast<std::int32_t>(zeros);
  return result;
}

bool to_integer(Decimal decimal, bool negative, std::int64_t& out) {
  if (!decimal.exact) return false;  // 20 significant digits or more: not an integer, or too large
  std::uint64_t value = decimal.mantissa;
  if (value == 0) {
    out = 0;
    return true;
  }
  for (; decimal.exponent < 0; ++decimal.exponent) {
    if (value % 10 != 0) return false;
    value /= 10;
  }
  const auto largest =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + (negative ? 1 : 0);
  for (; decimal.exponent > 0; --decimal.exponent) {
    if (value > largest / 10) return false;
    value *= 10;
  }
  if (value > largest) return false;
  out = static_cast<std::int64_t>(negative ? 0 - value : value);
  return true;
}

NumberReading nearest_double(Decimal decimal, bool negative, const char* first, const char* end) {
  // Clinger's fast path: both factors are exact doubles, so that one operation rounds once.
  if (FLT_EVAL_METHOD == 0 && decimal.exact && decimal.mantissa <= (std::uint64_t{1} << 53) &&
      decimal.exponent >= -22 && decimal.exponent <= 22) {
    const auto mantissa = static_cast<double>(decimal.mantissa);
    const double value = decimal.exponent < 0 ? mantissa / kPowersOfTen[-decimal.exponent]
                                              : mantissa * kPowersOfTen[decimal.exponent];
    return real_of(negative ? -value : value, end);
  }
  double value = 0;
  const auto parsed = std::from_chars(first, end, value);
  if (parsed.ec != std::errc() || !std::isfinite(value) || value == 0) {
    return refuse(ReadError::kNumberRange, first);
  }
  return real_of(value, end);
}

// The exponent after 'e', bounded; `at` moves past it.
NumberReading read_exponent(const char*& at, const char* end, std::int32_t& exponent) {
  const char* const first = at;
  ++at;
  bool negative = false;
  if (at != end && (*at == '+' || *at == '-')) negative = *at++ == '-';
  if (at == end || !is_digit(*at)) return refuse_digit(at, end);
  std::int32_t value = 0;
  for (; at != end && is_digit(*at); ++at) {
    if (value <= kNumberExponentMax) value = value * 10 + (*at - '0');
  }
  if (value > kNumberExponentMax) return refuse(ReadError::kNumberRange, first);
  exponent = negative ? -value : value;
  return integer_of(0, at);
}

}  // namespace

NumberReading read_decimal(const char* first, const char* at, const char* end, std::uint64_t mantissa) {
  const bool negative = *first == '-';
  const char* const digits_from = first + (negative ? 1 : 0);
  auto digits = static_cast<std::size_t>(at - digits_from);
  if (digits == 0) return refuse_digit(at, end);
  if (*digits_from == '0' && digits > 1) return refuse(ReadError::kSyntax, digits_from + 1);
  std::int32_t fraction_digits = 0;
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    for (; at != end && is_digit(*at); ++at) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*at - '0');
    if (at == fraction) return refuse_digit(at, end);
    if (static_cast<std::size_t>(at - fraction) > kNumberDigitsMax)
      return refuse(ReadError::kNumberRange, first);
    fraction_digits = static_cast<std::int32_t>(at - fraction);
    digits += static_cast<std::size_t>(fraction_digits);
  }
  const char* const digits_end = at;
  if (digits > kNumberDigitsMax) return refuse(ReadError::kNumberRange, first);
  std::int32_t exponent = 0;
  if (at != end && (*at == 'e' || *at == 'E')) {
    const NumberReading read = read_exponent(at, end, exponent);
    if (!read.ok) return read;
  }
  const Decimal decimal =
      digits <= kDigitsOf64Bits
          ? Decimal{.mantissa = mantissa, .exponent = exponent - fraction_digits, .exact = true}
          : condense(digits_from, digits_end, exponent);
  std::int64_t integer = 0;
  if (to_integer(decimal, negative, integer)) return integer_of(integer, at);
  return nearest_double(decimal, negative, first, at);
}

}  // namespace caponier::json
