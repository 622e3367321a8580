// JSON numbers: RFC 8259 syntax, then the exact integer where there is one, the nearest double where there is
// not.
#pragma once

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

// Reads the number that begins at `at`, which is before `end`. What follows it is the caller's business.
[[gnu::always_inline]] inline NumberReading read_number(const char* at, const char* end) {
  const char* const first = at;
  const bool negative = *at == '-';
  if (negative) ++at;
  const char* const digits = at;
  std::uint64_t mantissa = 0;
  for (; at != end && is_digit(*at); ++at) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*at - '0');
  const auto count = at - digits;
  // 18 digits always fit, and a leading zero is right only by itself.
  if (count == 0 || count > 18 || (*digits == '0' && count > 1) ||
      (at != end && (*at == '.' || *at == 'e' || *at == 'E'))) {
    return read_decimal(first, at, end, mantissa);
  }
  const auto value = static_cast<std::int64_t>(mantissa);
  return {.at = at, .integer = negative ? -value : value, .ok = true, .is_integer = true, .error = {}};
}

}  // namespace caponier::json
