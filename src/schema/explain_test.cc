#include <gtest/gtest.h>

#include "schema/test_schema.h"

namespace caponier::schema {
namespace {

struct Row {
  std::string schema;
  std::string instance;
  std::string expected;  // "instance pointer|schema pointer|keyword|sentence", one a line
};

std::string told(const std::vector<Violation>& violations) {
  std::string out;
  for (const Violation& v : violations) {
    if (!out.empty()) out += '\n';
    out += v.instance_pointer + '|' + v.schema_pointer + '|' + v.keyword + '|' + v.sentence;
  }
  return out;
}

TEST(Explain, every_broken_rule_is_told_with_its_place_and_a_sentence) {
  const std::vector<Row> rows = {
      {R"({"type":"integer"})", "\"x\"", "|/type|type|must be an integer"},
      {R"({"type":["string","null","number"]})", "[]", "|/type|type|must be a string, a number or null"},
      {R"({"minimum":1,"multipleOf":0.5})", "0.3",
       "|/minimum|minimum|must be at least 1\n|/multipleOf|multipleOf|must be a multiple of 0.5"},
      {R"({"exclusiveMaximum":1})", "1", "|/exclusiveMaximum|exclusiveMaximum|must be less than 1"},
      {R"({"minLength":2})", "\"\"", "|/minLength|minLength|must have at least 2 characters"},
      {R"({"minLength":1,"maxLength":1})", "\"ab\"", "|/maxLength|maxLength|must have at most 1 character"},
      {R"({"enum":["a",1,null]})", "2", "|/enum|enum|must be one of \"a\", 1, null"},
      {R"({"const":5})", "2", "|/const|const|must be 5"},
      {R"({"pattern":"^a"})", "\"b\"", "|/pattern|pattern|must match the pattern \"^a\""},
      {R"({"format":"date"})", "\"b\"", "|/format|format|must be a date such as 2026-01-31"},
      {R"({"type":"integer","format":"int32"})", "3000000000", "|/format|format|must be a 32-bit integer"},
      {R"({"properties":{"a/b":{"items":{"maximum":3}}}})", R"({"a/b":[1,4,5]})",
       "/a~1b/1|/properties/a~1b/items/maximum|maximum|must be at most "
       "3\n/a~1b/2|/properties/a~1b/items/maximum|maximum|must be at most 3"},
      {R"({"properties":{"a":{}},"required":["a","b"]})", "{}",
       "|/required/0|required|must have the property \"a\"\n|/required/1|required|must have the property "
       "\"b\""},
      {R"({"properties":{"a":{}}})", R"({"isAdmin":true})",
       "/isAdmin||additionalProperties|is not declared, and undeclared properties are not accepted"},
      {R"({"properties":{"a":{}},"additionalProperties":false})", R"({"b":1})",
       "/b|/additionalProperties|additionalProperties|is not declared, and undeclared properties are not "
       "accepted"},
      {R"({"properties":{"a":{"readOnly":true}}})", R"({"a":1})",
       "/a|/properties/a/readOnly|readOnly|is read-only and must not be sent"},
      {R"({"uniqueItems":true})", "[1,2,1]",
       "|/uniqueItems|uniqueItems|must not have two equal items; items 0 and 2 are equal"},
      {R"({"contains":{"type":"string"},"minContains":2})", "[\"a\"]",
       "|/minContains|minContains|must contain at least 2 items of the kind described"},
      {R"({"not":{"type":"string"}})", "\"a\"", "|/not|not|must not match the schema that is excluded here"},
      {R"({"oneOf":[{"type":"integer"},{"minimum":0}]})", "1",
       "|/oneOf|oneOf|must match exactly one of the 2 alternatives, and matches more"},
      {R"({"anyOf":[{"type":"null"},{"type":"object","required":["a"]}]})", "{}",
       "|/anyOf|anyOf|must match at least one of the 2 alternatives\n|/anyOf/1/required/0|required|must have "
       "the property \"a\""},
      {R"({"$ref":"#/$defs/n","$defs":{"n":{"maximum":3}}})", "4",
       "|/$defs/n/maximum|maximum|must be at most 3"},
      {R"({"properties":{"a":false}})", R"({"a":1})",
       "/a|/properties/a|false|is not accepted: the schema here is false"},
  };
  for (const Row& row : rows) {
    TestSchema schema(row.schema);
    ASSERT_NE(schema.program, nullptr) << row.schema << schema.said();
    schema.judge(row.instance);
    EXPECT_EQ(told(schema.violations), row.expected) << row.schema << " on " << row.instance;
    for (const Violation& v : schema.violations) EXPECT_EQ(v.file, "schema.json");
  }
}

TEST(Explain, names_of_undeclared_properties_are_cut_to_64_bytes_at_a_character) {
  TestSchema schema(R"({"properties":{"a":{}}})");
  schema.judge("{\"" + std::string(64, 'x') + "\":1}");
  EXPECT_EQ(schema.violations[0].instance_pointer, "/" + std::string(64, 'x'));
  schema.judge("{\"" + std::string(65, 'x') + "\":1}");
  EXPECT_EQ(schema.violations[0].instance_pointer, "/" + std::string(64, 'x'));
  schema.judge("{\"" + std::string(63, 'x') + "\xC3\xA9\":1}");
  EXPECT_EQ(schema.violations[0].instance_pointer, "/" + std::string(63, 'x'));
}

TEST(Explain, no_value_of_the_instance_is_told) {
  TestSchema schema(
      R"({"properties":{"a":{"type":"integer"},"b":{"enum":["x"]},"c":{"pattern":"^[0-9]+$"},"d":{"format":"uuid"},"e":{"const":{"k":1}}}})");
  schema.judge(R"({"a":"hunter2","b":"hunter2","c":"hunter2","d":"hunter2","e":"hunter2"})");
  EXPECT_EQ(schema.violations.size(), 5U);
  EXPECT_EQ(told(schema.violations).find("hunter2"), std::string::npos);
}

TEST(Explain, violations_are_counted_out) {
  TestSchema schema(R"({"items":{"type":"string"}})");
  json::Document document;
  std::string text = "[0";
  for (int i = 0; i < 99; ++i) text += ",0";
  const auto value = document.read(text += ']', JsonLimits{});
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(explain(*schema.program, *value).size(), 32U);
  EXPECT_EQ(explain(*schema.program, *value, 5).size(), 5U);
  EXPECT_EQ(explain(*schema.program, *value, 0).size(), 1U);
}

}  // namespace
}  // namespace caponier::schema
