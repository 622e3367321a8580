#include "json/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace caponier::json {
namespace {

NumberReading read(std::string_view text) {
  return read_number(text.data(), text.data() + text.size());
}

TEST(ReadNumber, integers_are_found_in_every_spelling) {
  struct Case {
    std::string_view text;
    std::int64_t value;
  };
  const Case cases[] = {
      {"0", 0},
      {"-0", 0},
      {"-0.0e0", 0},
      {"0e400", 0},
      {"1.0", 1},
      {"1e2", 100},
      {"-1.50e1", -15},
      {"100e-2", 1},
      {"0.00000000000000000000000000000000000000001e41", 1},
      {"1.0000000000000000000000000000000", 1},
      {"10000000000000000000000000000000e-31", 1},
      {"999999999999999999", 999999999999999999},
      {"1000000000000000000", 1000000000000000000},
      {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"9223372036854775807.000", std::numeric_limits<std::int64_t>::max()},
      {"922337203685477580700e-2", std::numeric_limits<std::int64_t>::max()},
      {"-9.223372036854775808e18", std::numeric_limits<std::int64_t>::min()},
  };
  for (const Case& c : cases) {
    const NumberReading number = read(c.text);
    ASSERT_TRUE(number.ok) << c.text;
    EXPECT_TRUE(number.is_integer) << c.text;
    EXPECT_EQ(number.integer, c.value) << c.text;
    EXPECT_EQ(number.at, c.text.data() + c.text.size());
  }
}

TEST(ReadNumber, what_is_no_64_bit_integer_is_the_nearest_double) {
  for (const std::string_view text : {"0.1",
                                      "-0.5",
                                      "19.99",
                                      "1.5e-5",
                                      "1e-22",
                                      "1e22",
                                      "1e23",
                                      "9007199254740993.5",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "1e19",
                                      "99999999999999999999",
                                      "12345678910111213141516171819202122232425262728293031",
                                      "1.7976931348623157e308",
                                      "5e-324",
                                      "4.9e-324",
                                      "2.2250738585072011e-308",
                                      "2.2250738585072014e-308",
                                      "0.30000000000000004",
                                      "8.5",
                                      "123456789.123456789e-5",
                                      "3.14159265358979323846264338327950288",
                                      "1.00000000000000011102230246251565404",
                                      "6.02214076e23"}) {
    const NumberReading number = read(text);
    ASSERT_TRUE(number.ok) << text;
    EXPECT_FALSE(number.is_integer) << text;
    EXPECT_EQ(number.real, std::strtod(std::string(text).c_str(), nullptr)) << text;
  }
}

TEST(ReadNumber, decimals_of_every_length_are_the_nearest_double) {
  std::uint64_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    std::string digits = std::to_string(state >> (i % 50));
    const std::size_t point = (state >> 7) % digits.size() + 1;
    std::string text = (i % 2 == 0 ? "-" : "") + digits.substr(0, point) + '.' + digits.substr(point) + '0';
    if (i % 3 != 0) text.back() = static_cast<char>('1' + i % 9);
    const NumberReading number = read(text);
    ASSERT_TRUE(number.ok) << text;
    ASSERT_EQ(*number.at, '\0') << text;
    const double real = number.is_integer ? static_cast<double>(number.integer) : number.real;
    ASSERT_EQ(real, std::strtod(text.c_str(), nullptr)) << text;
    // A fraction is an integer only if it is nothing but zeros.
    const bool zeros = text.find_first_not_of('0', text.find('.') + 1) == std::string::npos;
    if (number.is_integer) {
      ASSERT_TRUE(zeros) << text;
    }
  }
}

TEST(ReadNumber, reading_stops_behind_the_number) {
  for (const std::string_view text : {"1,", "1.5]", "-2e1}", "0 ", "10e+1x", "0x1"}) {
    const NumberReading number = read(text);
    ASSERT_TRUE(number.ok) << text;
    EXPECT_EQ(*number.at, text[text.find_first_of(",]} x")]) << text;
  }
}

TEST(ReadNumber, digits_and_exponent_are_bounded) {
  const auto error = [](const std::string& text) {
    return read(text).ok ? "accepted" : name(read(text).error);
  };
  const std::string zeros(kNumberDigitsMax - 1, '0');
  EXPECT_EQ(error("0." + zeros), "accepted");
  EXPECT_EQ(error("0.0" + zeros), "number-range");
  EXPECT_EQ(error("1" + std::string(308, '0')), "accepted");
  EXPECT_EQ(error("1" + std::string(309, '0')), "number-range");
  EXPECT_EQ(error("1" + zeros + "e-400"), "accepted");
  EXPECT_EQ(error("10" + zeros + "e-400"), "number-range");
  EXPECT_EQ(error("0e400"), "accepted");
  EXPECT_EQ(error("0e401"), "number-range");
  EXPECT_EQ(error("0e-401"), "number-range");
  EXPECT_EQ(error("0e0000000000400"), "accepted");
  EXPECT_EQ(error("1e308"), "accepted");
  EXPECT_EQ(error("1e309"), "number-range");
  EXPECT_EQ(error("1.8e308"), "number-range");
  EXPECT_EQ(error("1e-324"), "number-range");
  EXPECT_EQ(error("1e" + std::string(100000, '9')), "number-range");
  EXPECT_EQ(error(std::string(100000, '9')), "number-range");
}

}  // namespace
}  // namespace caponier::json
