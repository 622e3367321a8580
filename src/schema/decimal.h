// Exact arithmetic on JSON number text, as far as a schema asks for it. The reader bounds digits and
// exponents.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace caponier::schema {

// A number's text taken apart: 0.d1d2d3... * 10^exponent, d1 not zero.
struct Decimal {
  std::string_view digits;  // from d1 on, with the point where it stood; trailing zeros possible
  std::int64_t exponent = 0;
  bool negative = false;
  bool zero = false;
};

// `text` is a JSON number.
Decimal parse_decimal_text(std::string_view text);
// -1, 0, 1
int compare_decimal(std::string_view a, std::string_view b);
bool is_integral(std::string_view text);

struct Scaled {
  std::uint64_t mantissa;  // not divisible by ten
  std::int32_t exponent;
};
// The magnitude of `text`, or nullopt if it is zero or has more than 18 significant digits.
std::optional<Scaled> scaled(std::string_view text);
// True if `text` is a whole multiple of the divisor, whose mantissa has at most 18 digits.
bool is_multiple(std::string_view text, std::uint64_t mantissa, std::int32_t exponent);

}  // namespace caponier::schema
