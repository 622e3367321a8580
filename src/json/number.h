// JSON numbers: RFC 8259 syntax, then the exact integer where there is one, the nearest double where there is
// not.
#pragma once

#include <cstdint>

#include "json/document.h"

namespace caponier::json {

// Digits and exponent as written. Whoever compares numbers exactly, by their text, can rely on these bounds.
// Beyond them, and where the nearest double is infinite, or zero though the number is not: kNumberRange.
inline constexpr std::uint32_t kNumberDigitsMax = 400;
inline constexpr std::int32_t kNumberExponentMax = 400;

struct NumberReading {
  const char* end;    // one past the number; null if it is refused
  const char* where;  // of the refusal
  ReadError error;
  bool is_integer;
  std::int64_t integer;
  double real;
};

// Reads the number that begins at `at`, which is before `end`. What follows it is the caller's business.
NumberReading read_number(const char* at, const char* end);

}  // namespace caponier::json
