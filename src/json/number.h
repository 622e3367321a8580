// JSON numbers: RFC 8259 syntax, then the exact integer where there is one, the nearest double where there is
// not.
#pragma once

#include <cfloat>
#include <cstdint>

#include "base/bytes.h"
#include "json/document.h"

namespace caponier::json {

// Digits and exponent as written. Whoever compares numbers exactly, by their text, can rely on these bounds.
// Beyond them, and where the nearest double is infinite, or zero though the number is not: kNumberRange.
inline constexpr std::uint32_t kNumberDigitsMax = 400;
inline constexpr std::int32_t kNumberExponentMax = 400;

struct NumberReading {
  const char* at;  // one past the number, or where it is refused
  union {
    std::int64_t integer;
    double real;
  };
  bool ok;
  bool is_integer;
  ReadError error;
};

// A number that is not a short integer. [first, at) are its sign and the digits of its integral part, if any,
// which add up to `mantissa` (modulo 2^64).
NumberReading read_decimal(const char* first, const char* at, const char* end, std::uint64_t mantissa);

// Exact doubles, all of them.
inline constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// The fraction of a short number, of which [digits, at) is the integral part: false, moving nothing, where it
// takes more than a division to know what the number is.
[[gnu::always_inline]] inline bool read_short_fraction(const char* digits, const char*& at, const char* end,
                                                       std::uint64_t mantissa, double& value) {
  if (FLT_EVAL_METHOD != 0) return false;
  const char* const fraction = at + 1;
  const char* stop = fraction;
  for (; stop != end && is_digit(*stop); ++stop)
    mantissa = mantissa * 10 + static_cast<std::uint64_t>(*stop - '0');
  // A zero at the end could make it an integer.
  if (stop == fraction || stop - digits > 18 || stop[-1] == '0' || mantissa > (std::uint64_t{1} << 53))
    return false;
  if (stop != end && (*stop == 'e' || *stop == 'E')) return false;
  // Clinger's fast path: both factors are exact doubles, so that one operation rounds once.
  value = static_cast<double>(mantissa) / kPowersOfTen[stop - fraction];
  at = stop;
  return true;
}

// Reads the number that begins at `at`, which is before `end`. What follows it is the caller's business.
[[gnu::always_inline]] inline NumberReading read_number(const char* at, const char* end) {
  const char* const first = at;
  const bool negative = *at == '-';
  if (negative) ++at;
  const char* const digits = at;
  std::uint64_t mantissa = 0;
  for (; at != end && is_digit(*at); ++at) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*at - '0');
  const auto count = at - digits;
  if (count > 0 && at != end && *at == '.' && (*digits != '0' || count == 1)) {
    double value = 0;
    if (read_short_fraction(digits, at, end, mantissa, value)) [[likely]]
      return {.at = at, .real = negative ? -value : value, .ok = true, .is_integer = false, .error = {}};
  }
  // 18 digits always fit, and a leading zero is right only by itself.
  if (count == 0 || count > 18 || (*digits == '0' && count > 1) ||
      (at != end && (*at == '.' || *at == 'e' || *at == 'E'))) {
    return read_decimal(first, at, end, mantissa);
  }
  const auto value = static_cast<std::int64_t>(mantissa);
  return {.at = at, .integer = negative ? -value : value, .ok = true, .is_integer = true, .error = {}};
}

}  // namespace caponier::json
