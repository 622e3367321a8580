#include "schema/decimal.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace caponier::schema {
namespace {

TEST(Decimal, numbers_compare_by_their_value_not_by_their_text) {
  struct Row {
    std::string a;
    std::string b;
    int order;
  };
  const std::vector<Row> rows = {
      {"1", "1.0", 0},
      {"1e2", "100", 0},
      {"100e-2", "1", 0},
      {"0", "-0.0", 0},
      {"0.1", "0.10", 0},
      {"0.001", "1e-3", 0},
      {"1", "2", -1},
      {"-1", "1", -1},
      {"-2", "-1", -1},
      {"1e300", "1e299", 1},
      {"0", "1e-400", -1},
      {"0", "-1e-400", 1},
      {"9.99", "10", -1},
      {"0.0099", "0.01", -1},
      {"1.0000000000000000000001", "1", 1},
      {"123456789012345678901234567890", "123456789012345678901234567891", -1},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(compare_decimal(row.a, row.b), row.order) << row.a << " " << row.b;
    EXPECT_EQ(compare_decimal(row.b, row.a), -row.order) << row.a << " " << row.b;
  }
}

TEST(Decimal, integers_are_known_in_every_spelling) {
  for (const char* text : {"0", "-0.0", "1", "1.0", "1.50e1", "1e300", "0.001e3", "100"})
    EXPECT_TRUE(is_integral(text)) << text;
  for (const char* text : {"0.5", "1e-1", "1.55e1", "100.01", "0.0001e3"})
    EXPECT_FALSE(is_integral(text)) << text;
}

TEST(Decimal, multiples_are_exact) {
  const auto multiple = [](const char* text, const char* divisor) {
    const auto d = scaled(divisor);
    return d && is_multiple(text, d->mantissa, d->exponent);
  };
  EXPECT_TRUE(multiple("0.3", "0.1"));
  EXPECT_TRUE(multiple("1e400", "7e-3") == false);
  EXPECT_TRUE(multiple("7e400", "7e-3"));
  EXPECT_TRUE(multiple("4.02", "0.01"));
  EXPECT_FALSE(multiple("4.021", "0.01"));
  EXPECT_TRUE(multiple("999999999999999999999999999999", "3"));
  EXPECT_TRUE(multiple("0", "5"));
  EXPECT_FALSE(multiple("5", "10"));
  EXPECT_TRUE(multiple("123456789012345678", "123456789012345678"));
  EXPECT_TRUE(scaled("123456789012345678").has_value());
  EXPECT_FALSE(scaled("1234567890123456789").has_value());
  EXPECT_FALSE(scaled("0").has_value());
}

}  // namespace
}  // namespace caponier::schema
