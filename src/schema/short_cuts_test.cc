// Where one comparison settles a value, and where it must not: at the edges of ranges, of int64 and of
// doubles, and with names that share their hash, their length or their beginning.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "schema/test_schema.h"

namespace caponier::schema {
namespace {

CompileOptions open() {
  CompileOptions out;
  out.closed_objects = false;
  out.direction = Direction::kNeither;
  return out;
}

struct Case {
  std::string schema;
  std::vector<std::string> accepted;
  std::vector<std::string> refused;
};

class ShortCuts : public testing::TestWithParam<Case> {};

TEST_P(ShortCuts, accept_what_the_schema_accepts) {
  const Case& c = GetParam();
  TestSchema schema(c.schema, open());
  ASSERT_NE(schema.program, nullptr) << schema.said();
  // A member, an item and a value by itself take different ways.
  TestSchema member(R"({"properties":{"a":)" + c.schema + R"(,"b":true,"c":true}})", open());
  TestSchema items(R"({"items":)" + c.schema + "}", open());
  ASSERT_NE(member.program, nullptr) << member.said();
  const auto judge = [&](const std::string& text, bool accepted) {
    EXPECT_EQ(schema.accepts(text), accepted) << text;
    EXPECT_EQ(member.accepts(R"({"a":)" + text + "}"), accepted) << text;
    EXPECT_EQ(items.accepts('[' + text + ',' + text + ']'), accepted) << text;
  };
  for (const std::string& text : c.accepted) judge(text, true);
  for (const std::string& text : c.refused) judge(text, false);
}

INSTANTIATE_TEST_SUITE_P(
    Ranges, ShortCuts,
    testing::Values(
        Case{R"({"minimum":9223372036854775807})",
             {"9223372036854775807", "9223372036854775808", "1e300"},
             {"9223372036854775806", "9223372036854775806.5", "-1"}},
        Case{R"({"exclusiveMinimum":9223372036854775807})",
             {"9223372036854775808", "9223372036854775807.5"},
             {"9223372036854775807", "0"}},
        Case{R"({"exclusiveMaximum":-9223372036854775808})",
             {"-9223372036854775809", "-1e300"},
             {"-9223372036854775808", "-9223372036854775807", "0", "0.5"}},
        Case{R"({"maximum":-9223372036854775808})",
             {"-9223372036854775808", "-1e19"},
             {"-9223372036854775807"}},
        Case{R"({"minimum":0.1})",
             {"0.1", "1", "0.10000000000000000001"},
             {"0", "0.09999999999999999999", "-1"}},
        Case{R"({"maximum":4.9999999999999999999})", {"4.9999999999999999999", "4", "-5"}, {"5", "5.0", "6"}},
        Case{R"({"minimum":-0.5,"maximum":0.5})", {"0", "-0.5", "0.5", "0.0"}, {"1", "-1", "0.51"}},
        Case{R"({"maximum":1000000000000000.5})", {"1000000000000000", "-7"}, {"1000000000000001"}},
        Case{R"({"maximum":1e300})", {"5", "9223372036854775807", "1e300", "2.5"}, {"1.1e300"}},
        Case{R"({"minimum":1e300})", {"1e301", "1e300"}, {"5", "9223372036854775807", "2.5"}},
        Case{R"({"exclusiveMinimum":1.5,"exclusiveMaximum":2.5})", {"2", "1.6"}, {"1.5", "2.5", "1", "3"}},
        Case{
            R"({"type":"integer","maximum":1e30})", {"1e29", "18446744073709551616", "1.0"}, {"1.5", "1e31"}},
        Case{
            R"({"type":"integer","minimum":1,"maximum":3})", {"1", "2.0", "3e0"}, {"0", "4", "2.5", "\"2\""}},
        Case{R"({"type":"number","minimum":1,"maximum":3})", {"1", "2.5", "3"}, {"0.99", "3.01", "null"}}));

INSTANTIATE_TEST_SUITE_P(
    Texts, ShortCuts,
    testing::Values(
        Case{R"({"type":"string","minLength":2,"maxLength":3})",
             {R"("ab")", R"("\u00e4\u00f6\u00fc")"},
             {R"("a")", R"("abcd")"}},
        Case{R"({"type":"string","minLength":2,"pattern":"^a","enum":["a","ab","abc","b2"]})",
             {R"("ab")", R"("abc")"},
             {R"("a")", R"("b2")", R"("abd")"}},
        Case{R"({"pattern":"^[A-Z]{3}-[0-9]{4}$"})",
             {R"("ABC-1234")", "1"},
             {R"("ABC-123")", R"("ABC-12345")", R"("abc-1234")", R"("ABCé1234")"}},
        Case{R"({"pattern":"^x[a-c]+[0-9]{0,2}"})",
             {R"("xa")", R"("xabc12")", R"("xa1234")"},
             {R"("x")", R"("x1")", R"("ax")", R"("")"}},
        Case{R"({"enum":["12345678","123456789","1234567890123456","12345678901234567","a\u0000","a"]})",
             {R"("12345678")", R"("123456789")", R"("1234567890123456")", R"("12345678901234567")",
              R"("a\u0000")", R"("a")"},
             {R"("1234567")", R"("12345679")", R"("123456780")", R"("1234567890123457")",
              R"("12345678901234568")", R"("a\u0000\u0000")", R"("")"}}));

TEST(ShortCutsForNames, find_names_of_every_length_and_no_others) {
  std::vector<std::string> names;
  for (std::size_t length = 0; length < 40; ++length) names.push_back(std::string(length, 'n'));
  std::string properties;
  for (const std::string& name : names)
    properties += (properties.empty() ? "\"" : ",\"") + name + R"(":{"const":1})";
  TestSchema schema(R"({"additionalProperties":false,"properties":{)" + properties + "}}", open());
  ASSERT_NE(schema.program, nullptr) << schema.said();
  for (std::string name : names) {
    EXPECT_TRUE(schema.accepts("{\"" + name + "\":1}")) << name;
    EXPECT_FALSE(schema.accepts("{\"" + name + "\":2}")) << name;
    if (name.empty()) continue;
    name.back() = 'm';
    EXPECT_FALSE(schema.accepts("{\"" + name + "\":1}")) << name;
    name.back() = 'n';
    name.front() = 'm';
    EXPECT_FALSE(schema.accepts("{\"" + name + "\":1}")) << name;
  }
}

TEST(ShortCutsForNames, names_of_a_key_may_have_bounds_and_patterns) {
  TestSchema schema(R"({"propertyNames":{"minLength":2,"maxLength":3,"pattern":"^[a-z]+$"}})", open());
  EXPECT_TRUE(schema.accepts(R"({"ab":1,"abc":2})"));
  EXPECT_FALSE(schema.accepts(R"({"a":1})"));
  EXPECT_FALSE(schema.accepts(R"({"abcd":1})"));
  EXPECT_FALSE(schema.accepts(R"({"AB":1})"));
  TestSchema wide(R"({"propertyNames":{"maxLength":2}})", open());
  EXPECT_TRUE(wide.accepts("{\"\u00e4\u00f6\":1}"));
  EXPECT_FALSE(wide.accepts("{\"\u00e4\u00f6\u00fc\":1}"));
}

TEST(ShortCutsForNames, few_names_are_looked_for_among_many_members) {
  TestSchema schema(R"({"properties":{"kind":{"const":"x"}},"required":["kind","id"]})", open());
  EXPECT_TRUE(schema.accepts(R"({"a":1,"b":{"kind":"y"},"id":[],"kind":"x"})"));
  EXPECT_FALSE(schema.accepts(R"({"a":1,"id":[],"kind":"y"})"));
  EXPECT_FALSE(schema.accepts(R"({"a":1,"b":{"kind":"x","id":1},"kind":"x"})"));
}

}  // namespace
}  // namespace caponier::schema
