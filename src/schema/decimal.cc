#include "schema/decimal.h"

#include <algorithm>

#include "base/bytes.h"

namespace caponier::schema {
namespace {

__extension__ using Wide = unsigned __int128;

// Significant digits one after the other; zeros for ever once they are used up.
class Digits {
 public:
  explicit Digits(std::string_view digits) : digits_(digits) {}
  [[nodiscard]] bool done() {
    if (at_ < digits_.size() && digits_[at_] == '.') ++at_;
    return at_ >= digits_.size();
  }
  int next() { return done() ? 0 : digits_[at_++] - '0'; }

 private:
  std::string_view digits_;
  std::size_t at_ = 0;
};

int compare_magnitude(const Decimal& a, const Decimal& b) {
  if (a.exponent != b.exponent) return a.exponent < b.exponent ? -1 : 1;
  Digits left(a.digits);
  Digits right(b.digits);
  while (!left.done() || !right.done()) {
    const int x = left.next();
    const int y = right.next();
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

// How many digits there are up to the last that is not zero.
std::int64_t significant_count(std::string_view digits) {
  std::int64_t count = 0;
  std::int64_t last = 0;
  for (const char c : digits) {
    if (c == '.') continue;
    ++count;
    if (c != '0') last = count;
  }
  return last;
}

std::uint64_t times_power_of_ten(std::uint64_t value, std::int64_t power, std::uint64_t modulus) {
  Wide base = 10 % modulus;
  Wide out = value;
  for (; power > 0; power >>= 1) {
    if (power & 1) out = out * base % modulus;
    base = base * base % modulus;
  }
  return static_cast<std::uint64_t>(out);
}

}  // namespace

Decimal parse_decimal_text(std::string_view text) {
  Decimal out;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    out.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  std::int64_t exponent = 0;
  if (e < text.size()) {
    std::string_view tail = text.substr(e + 1);
    const bool negative = tail.starts_with('-');
    if (negative || tail.starts_with('+')) tail.remove_prefix(1);
    for (const char c : tail) exponent = std::min<std::int64_t>(exponent * 10 + (c - '0'), 1'000'000'000);
    if (negative) exponent = -exponent;
  }
  const std::string_view mantissa = text.substr(0, e);
  const std::size_t first = mantissa.find_first_not_of("0.");
  if (first == std::string_view::npos) {
    out.zero = true;
    out.negative = false;
    return out;
  }
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  out.digits = mantissa.substr(first);
  const auto from_point = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  // A first digit behind the point is one place further left than the distance tells.
  out.exponent = exponent + (first < point ? from_point : from_point + 1);
  return out;
}

int compare_decimal(std::string_view a, std::string_view b) {
  const Decimal x = parse_decimal_text(a);
  const Decimal y = parse_decimal_text(b);
  const int x_sign = x.zero ? 0 : (x.negative ? -1 : 1);
  const int y_sign = y.zero ? 0 : (y.negative ? -1 : 1);
  if (x_sign != y_sign) return x_sign < y_sign ? -1 : 1;
  if (x_sign == 0) return 0;
  return x_sign * compare_magnitude(x, y);
}

bool is_integral(std::string_view text) {
  const Decimal number = parse_decimal_text(text);
  return number.zero || significant_count(number.digits) <= number.exponent;
}

std::optional<Scaled> scaled(std::string_view text) {
  constexpr std::int64_t kDigitsMax = 18;
  const Decimal number = parse_decimal_text(text);
  if (number.zero) return std::nullopt;
  const std::int64_t count = significant_count(number.digits);
  if (count > kDigitsMax) return std::nullopt;
  Scaled out{0, static_cast<std::int32_t>(number.exponent - count)};
  Digits digits(number.digits);
  for (std::int64_t i = 0; i < count; ++i)
    out.mantissa = out.mantissa * 10 + static_cast<std::uint64_t>(digits.next());
  return out;
}

bool is_multiple(std::string_view text, std::uint64_t mantissa, std::int32_t exponent) {
  const Decimal number = parse_decimal_text(text);
  if (number.zero) return true;
  const std::int64_t count = significant_count(number.digits);
  const std::int64_t shift = number.exponent - count - exponent;
  // The number's last digit is not zero: it cannot be a multiple of something with fewer decimals than it
  // has.
  if (shift < 0) return false;
  Wide rest = 0;
  Digits digits(number.digits);
  for (std::int64_t i = 0; i < count; ++i)
    rest = (rest * 10 + static_cast<unsigned>(digits.next())) % mantissa;
  return times_power_of_ten(static_cast<std::uint64_t>(rest), shift, mantissa) == 0;
}

}  // namespace caponier::schema
