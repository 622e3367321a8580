#include "base/decimal.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace caponier {
namespace {

std::string decimal(std::uint64_t number) {
  std::array<char, kDecimalDigitsMax> digits;
  return {digits.data(), write_decimal(digits.data(), number)};
}

TEST(Decimal, numbers_of_every_length_are_written_without_leading_zeros) {
  for (std::uint64_t power = 1;; power *= 10) {
    for (const std::uint64_t number : {power - 1, power, power + 1, power * 9 / 8}) {
      EXPECT_EQ(decimal(number), std::to_string(number));
    }
    if (power > UINT64_MAX / 10) break;
  }
  EXPECT_EQ(decimal(UINT64_MAX), "18446744073709551615");
}

TEST(Decimal, two_digits_keep_their_zero) {
  std::array<char, 2> digits;
  EXPECT_EQ(write_two_digits(digits.data(), 7), digits.data() + 2);
  EXPECT_EQ(std::string(digits.data(), 2), "07");
}

}  // namespace
}  // namespace caponier
