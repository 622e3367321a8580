#include <gtest/gtest.h>

#include "schema/test_schema.h"

namespace caponier::schema {
namespace {

CompileOptions plain(Dialect dialect = Dialect::kOpenApi31) {
  CompileOptions out;
  out.dialect = dialect;
  out.closed_objects = false;
  return out;
}

struct Case {
  std::string schema;
  std::vector<std::string> accepted;
  std::vector<std::string> refused;
};

void expect(const std::vector<Case>& cases, const CompileOptions& options) {
  for (const Case& c : cases) {
    TestSchema schema(c.schema, options);
    ASSERT_NE(schema.program, nullptr) << c.schema << "\n" << schema.said();
    for (const std::string& instance : c.accepted)
      EXPECT_TRUE(schema.accepts(instance)) << c.schema << " on " << instance;
    for (const std::string& instance : c.refused)
      EXPECT_FALSE(schema.accepts(instance)) << c.schema << " on " << instance;
  }
}

TEST(Evaluate, types_values_and_numbers) {
  expect(
      {
          {"true", {"1", "null"}, {}},
          {"false", {}, {"1", "null", "{}"}},
          {R"({"type":"integer"})",
           {"1", "1.0", "1e2", "-0.0", "12345678901234567890", "1e30"},
           {"1.5", "\"1\"", "1e-1", "null"}},
          {R"({"type":"number"})", {"1", "1.5"}, {"\"1\""}},
          {R"({"type":["string","null"]})", {"\"a\"", "null"}, {"1", "false"}},
          {R"({"enum":["a",1,null,{"k":[1]}]})",
           {"\"a\"", "1", "1.0", "null", R"({"k":[1.0]})"},
           {"\"b\"", "2", "{}", R"({"k":[2]})", "true"}},
          {R"({"enum":["a","b","c","d","e","f","g","h","i","j"]})",
           {"\"a\"", "\"j\""},
           {"\"k\"", "\"\"", "\"aa\""}},
          {R"({"const":{"a":1,"b":2}})", {R"({"b":2,"a":1})"}, {R"({"a":1})", R"({"a":1,"b":2,"c":3})"}},
          {R"({"const":false})", {"false"}, {"0", "null"}},
          {R"({"minimum":1,"maximum":10})",
           {"1", "10", "1.0", "\"x\""},
           {"0", "11", "0.9999999999999999999999", "10.00000000000000000001"}},
          {R"({"exclusiveMinimum":1,"exclusiveMaximum":2})",
           {"1.00000000000000000000001", "1.5"},
           {"1", "2", "1.0"}},
          {R"({"maximum":9007199254740993})",
           {"9007199254740993", "9007199254740992.5"},
           {"9007199254740994", "9007199254740993.5"}},
          {R"({"maximum":18446744073709551616})",
           {"18446744073709551616", "1.8446744073709551616e19"},
           {"18446744073709551617"}},
          {R"({"minimum":-1e300})", {"-1e300"}, {"-1.1e300"}},
          {R"({"multipleOf":0.01})", {"4.02", "1", "0", "0.07", "1e300", "-0.01"}, {"4.021", "0.001"}},
          {R"({"multipleOf":3})",
           {"9", "-9", "0", "9.0", "300000000000000000000000000000"},
           {"10", "9.5", "1e30"}},
          {R"({"multipleOf":1000000000000000000})", {"1e18", "9000000000000000000", "1e19"}, {"1e17"}},
          {R"({"multipleOf":1e20})", {"1e20", "0", "3e20"}, {"1", "1e19"}},
          {R"({"multipleOf":0.0001})", {"0.0075"}, {"0.00751"}},
          {R"({"type":"integer","format":"int32"})",
           {"2147483647", "-2147483648"},
           {"2147483648", "-2147483649"}},
          {R"({"type":"integer","format":"int64"})", {"9223372036854775807"}, {"9223372036854775808"}},
          {R"({"type":"number","format":"float"})", {"3.4e38"}, {"3.5e38"}},
      },
      plain());
}

TEST(Evaluate, strings_and_arrays) {
  expect(
      {
          {R"({"minLength":2,"maxLength":3})", {"\"äö\"", "\"abc\"", "1"}, {"\"a\"", "\"abcd\""}},
          {R"({"pattern":"^[a-z]+$"})", {"\"abc\""}, {"\"ABC\"", "\"\""}},
          {R"({"minItems":1,"maxItems":2})", {"[1]", "[1,2]", "\"\""}, {"[]", "[1,2,3]"}},
          {R"({"items":{"type":"integer"}})", {"[]", "[1,2]"}, {"[1,\"a\"]"}},
          {R"({"items":false})", {"[]"}, {"[1]"}},
          {R"({"prefixItems":[{"type":"integer"},true],"items":{"type":"string"}})",
           {"[1]", "[1,null,\"a\"]"},
           {"[\"a\"]", "[1,null,2]"}},
          {R"({"uniqueItems":true})",
           {"[]", "[1,2]", "[1,\"1\",true]", "[{\"a\":1},{\"a\":2}]"},
           {"[1,1.0]", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]", "[[1],[1]]"}},
          {R"({"contains":{"type":"integer"}})", {"[1]", "[\"a\",1,2]"}, {"[]", "[\"a\"]"}},
          {R"({"contains":{"const":1},"minContains":2,"maxContains":3})",
           {"[1,1]", "[1,1,1,2]"},
           {"[1]", "[1,1,1,1]"}},
          {R"({"contains":{"const":1},"minContains":0})", {"[]", "[2]"}, {}},
      },
      plain());
}

TEST(Evaluate, unique_items_stays_bounded_in_large_arrays) {
  TestSchema schema(R"({"uniqueItems":true,"maxItems":50000})", plain());
  std::string text = "[0";
  for (int i = 1; i < 40'000; ++i) text += ',' + std::to_string(i);
  EXPECT_EQ(schema.judge(text + ']'), Outcome::kValid);
  EXPECT_EQ(schema.judge(text + ",17]"), Outcome::kInvalid);
}

TEST(Evaluate, objects) {
  expect(
      {
          {R"({"properties":{"a":{"type":"integer"}},"required":["a","b"]})",
           {R"({"a":1,"b":0})", "1"},
           {"{}", R"({"a":1})", R"({"a":"","b":0})"}},
          {R"({"properties":{"a":true},"additionalProperties":false})", {"{}", R"({"a":1})"}, {R"({"b":1})"}},
          {R"({"required":["b"],"additionalProperties":false})", {}, {R"({"b":1})"}},
          {R"({"additionalProperties":{"type":"integer"}})", {"{}", R"({"x":1})"}, {R"({"x":"a"})"}},
          {R"({"properties":{"a":{}},"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false})",
           {R"({"a":0,"x1":1})"},
           {R"({"x1":"a"})", R"({"y":1})"}},
          {R"({"minProperties":1,"maxProperties":2})",
           {R"({"a":1})", R"({"a":1,"b":1})"},
           {"{}", R"({"a":1,"b":1,"c":1})"}},
          {R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})"}, {R"({"abc":1})"}},
          {R"({"properties":{"a":false}})", {"{}", R"({"b":1})"}, {R"({"a":1})"}},
          {R"({"allOf":[{"properties":{"a":true},"additionalProperties":false},{"properties":{"b":true}}]})",
           {R"({"a":1})"},
           {R"({"b":1})"}},
      },
      plain());
}

TEST(Evaluate, more_than_64_required_properties_are_all_required) {
  std::string names;
  std::string members;
  for (int i = 0; i < 130; ++i) {
    names += (i ? ",\"p" : "\"p") + std::to_string(i) + '"';
    members += (i ? ",\"p" : "\"p") + std::to_string(i) + "\":1";
  }
  TestSchema schema(R"({"required":[)" + names + "]}", plain());
  EXPECT_TRUE(schema.accepts('{' + members + '}'));
  for (const char* missing : {"\"p0\":1,", "\"p63\":1,", "\"p64\":1,", "\"p128\":1,"}) {
    std::string some = members;
    some.erase(some.find(missing), std::string_view(missing).size());
    EXPECT_FALSE(schema.accepts('{' + some + '}')) << missing;
    ASSERT_EQ(schema.violations.size(), 1U);
    EXPECT_EQ(schema.violations[0].keyword, "required");
  }
}

TEST(Evaluate, combinations) {
  expect(
      {
          {R"({"allOf":[{"minimum":1},{"maximum":5}]})", {"3"}, {"0", "6"}},
          {R"({"anyOf":[{"type":"string"},{"minimum":5}]})", {"\"a\"", "7"}, {"4"}},
          {R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})", {"2", "3"}, {"6", "1"}},
          {R"({"not":{"type":"string"}})", {"1"}, {"\"a\""}},
          {R"({"if":{"type":"integer"},"then":{"minimum":10},"else":{"type":"string"}})",
           {"10", "\"a\""},
           {"9", "null"}},
          {R"({"if":{"properties":{"k":{"const":1}},"required":["k"]},"then":{"required":["a"]}})",
           {R"({"k":2})", R"({"k":1,"a":0})"},
           {R"({"k":1})"}},
          {R"({"then":{"type":"string"}})", {"1"}, {}},
          {R"({"$defs":{"n":{"type":"integer"}},"$ref":"#/$defs/n","minimum":3})", {"3"}, {"2", "\"a\""}},
          {R"({"type":"object","properties":{"next":{"$ref":"#"},"v":{"type":"integer"}}})",
           {R"({"next":{"next":{"v":1}}})"},
           {R"({"next":{"next":{"v":"x"}}})"}},
          {R"({"properties":{"a":{"type":"integer"}},"unevaluatedProperties":false})",
           {R"({"a":1})"},
           {R"({"b":1})"}},
          {R"({"anyOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"b":true},"required":["b"]}],"unevaluatedProperties":false})",
           {R"({"a":1})", R"({"b":1})", R"({"a":1,"b":1})"},
           {R"({"a":"x","b":1})", R"({"a":1,"c":1})"}},
          {R"({"properties":{"a":true},"unevaluatedProperties":{"type":"integer"}})",
           {R"({"a":"x","b":1})"},
           {R"({"b":"x"})"}},
          {R"({"allOf":[{"properties":{"a":true},"unevaluatedProperties":false}],"properties":{"b":true}})",
           {R"({"a":1})"},
           {R"({"b":1})"}},
      },
      plain());
}

TEST(Evaluate, openapi_30_dialect) {
  expect(
      {
          {R"({"type":"string","nullable":true})", {"\"a\"", "null"}, {"1"}},
          {R"({"type":"string","nullable":false})", {"\"a\""}, {"null"}},
          {R"({"minimum":1,"exclusiveMinimum":true,"maximum":3,"exclusiveMaximum":false})",
           {"2", "3"},
           {"1", "4"}},
          {R"({"properties":{"a":{"$ref":"#/x-d","maxLength":1}},"x-d":{"type":"string"}})",
           {R"({"a":"long"})"},
           {R"({"a":1})"}},
      },
      plain(Dialect::kOpenApi30));
}

TEST(Evaluate, objects_that_declare_properties_are_closed_at_the_root_of_their_composition) {
  CompileOptions options;
  expect(
      {
          {R"({"type":"object","properties":{"a":{}}})", {"{}", R"({"a":1})"}, {R"({"isAdmin":true})"}},
          {R"({"type":"object"})", {R"({"anything":1})"}, {}},
          {R"({"type":"object","required":["a"]})", {R"({"a":1,"b":2})"}, {"{}"}},
          {R"({"properties":{"a":{}},"additionalProperties":true})", {R"({"b":1})"}, {}},
          {R"({"properties":{"a":{}},"additionalProperties":{"type":"integer"}})",
           {R"({"b":1})"},
           {R"({"b":"x"})"}},
          {R"({"properties":{"a":{}},"unevaluatedProperties":true})", {R"({"b":1})"}, {}},
          {R"({"allOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]})",
           {R"({"a":1,"b":1})"},
           {R"({"c":1})"}},
          {R"({"allOf":[{"$ref":"#/$defs/base"}],"properties":{"b":{}},"$defs":{"base":{"properties":{"a":{}},"required":["a"]}}})",
           {R"({"a":1,"b":1})"},
           {R"({"b":1})", R"({"a":1,"c":1})"}},
          {R"({"allOf":[{"properties":{"a":{}},"additionalProperties":true},{"properties":{"b":{}}}]})",
           {R"({"c":1})"},
           {}},
          {R"({"properties":{"k":{}},"oneOf":[{"properties":{"a":{}},"required":["a"]},{"properties":{"b":{}},"required":["b"]}]})",
           {R"({"k":1,"a":1})", R"({"b":1})"},
           {R"({"a":1,"x":1})", R"({"k":1})"}},
          {R"({"oneOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"b":{}},"required":["b"]}]})",
           {},
           {R"({"a":"x","b":1})"}},
          {R"({"anyOf":[{"properties":{"a":{}},"required":["a"],"anyOf":[{"properties":{"x":{}},"required":["x"]},{}]},{"required":["z"]}],"properties":{"z":{}}})",
           {R"({"a":1,"x":1})", R"({"z":1})"},
           {R"({"z":1,"x":1})", R"({"a":1,"y":1})"}},
          {R"({"properties":{"a":{}},"anyOf":[{"additionalProperties":{"type":"integer"},"required":["n"]},{}]})",
           {R"({"n":1,"m":2})", R"({"a":1})"},
           {R"({"m":1})"}},
          {R"({"anyOf":[{},{"properties":{"a":{}}}]})", {R"({"a":1})"}, {R"({"b":1})"}},
          {R"({"properties":{"a":{"properties":{"b":{}}}}})", {R"({"a":{"b":1}})"}, {R"({"a":{"c":1}})"}},
          {R"({"items":{"properties":{"b":{}}}})", {R"([{"b":1}])"}, {R"([{"c":1}])"}},
          {R"({"properties":{"a":{}},"patternProperties":{"^x-":{}}})",
           {R"({"a":1,"x-b":1})"},
           {R"({"b":1})"}},
          {R"({"if":{"properties":{"k":{"const":1}},"required":["k"]},"then":{"properties":{"a":{}}},"else":{"properties":{"b":{}}},"properties":{"k":{}}})",
           {R"({"k":1,"a":1})", R"({"k":2,"b":1})"},
           {R"({"k":1,"b":1})", R"({"k":2,"a":1})"}},
          // What must not match stays as wide as it is written.
          {R"({"not":{"properties":{"a":{"properties":{"x":{"const":1}},"required":["x"]}},"required":["a"]}})",
           {R"({"a":{"x":2}})"},
           {R"({"a":{"x":1}})", R"({"a":{"x":1,"y":2}})"}},
          // Two schemas that describe the same property compose as well.
          {R"({"allOf":[{"properties":{"a":{"properties":{"x":{}}}}},{"properties":{"a":{"properties":{"y":{}}}}}]})",
           {R"({"a":{"x":1,"y":1}})"},
           {R"({"a":{"z":1}})"}},
      },
      options);
}

TEST(Evaluate, requests_must_not_hold_read_only_properties_and_need_not_miss_them) {
  CompileOptions request;
  const std::string text =
      R"({"type":"object","properties":{"id":{"type":"string","readOnly":true},"secret":{"type":"string","writeOnly":true},"n":{"allOf":[{"$ref":"#/$defs/ro"}]}},"required":["id","secret","n"],"$defs":{"ro":{"readOnly":true}}})";
  expect({{text, {R"({"secret":"s"})"}, {R"({"id":"1","secret":"s"})", "{}", R"({"secret":"s","n":1})"}}},
         request);
  CompileOptions response;
  response.direction = Direction::kResponse;
  expect({{text, {R"({"id":"1","n":2})"}, {R"({"id":"1","n":2,"secret":"s"})", R"({"n":2})"}}}, response);
  // Where all alternatives withhold it, or it is that or null.
  const std::string choice =
      R"({"type":"object","properties":{"p":{"anyOf":[{"$ref":"#/$defs/wo"},{"type":"null"}]},"q":{"oneOf":[{"$ref":"#/$defs/wo"},{"type":"integer"}]}},"$defs":{"wo":{"type":"string","writeOnly":true}}})";
  expect({{choice, {"{}", R"({"q":1})"}, {R"({"p":"s"})", R"({"p":null})"}}}, response);
  expect({{choice, {R"({"p":"s"})", R"({"p":null,"q":1})"}, {}}}, request);
}

TEST(Evaluate, default_caps_hold_in_requests_where_the_schema_names_none) {
  CompileOptions options;
  options.defaults.string_code_points_max = 3;
  options.defaults.array_items_max = 2;
  options.defaults.object_members_max = 2;
  expect(
      {
          {R"({"type":"string"})", {"\"äöü\""}, {"\"abcd\""}},
          {R"({"type":"string","minLength":2})", {"\"abc\""}, {"\"abcd\"", "\"a\""}},
          {R"({"type":"string","maxLength":5})", {"\"abcde\""}, {"\"abcdef\""}},
          {R"({"anyOf":[{"type":"string","maxLength":5},{"type":"string"}]})", {"\"abcde\""}, {"\"abcdef\""}},
          {R"({"enum":["abcdef"]})", {"\"abcdef\""}, {}},
          {R"({"type":"array","items":{}})", {"[1,2]"}, {"[1,2,3]", "[\"abcd\"]"}},
          {R"({"type":"object"})", {R"({"a":1,"b":1})"}, {R"({"a":1,"b":1,"c":1})"}},
          {R"({"type":"object","properties":{"a":{},"b":{},"c":{}}})", {R"({"a":1,"b":1,"c":1})"}, {}},
          {"{}", {"\"abc\"", "12345"}, {"\"abcd\""}},
      },
      options);
  TestSchema schema(R"({"type":"string"})", options);
  schema.judge("\"abcd\"");
  ASSERT_EQ(schema.violations.size(), 1U);
  EXPECT_EQ(schema.violations[0].keyword, "maxLength");
  EXPECT_EQ(schema.violations[0].sentence,
            "must have at most 3 characters, the default cap where the schema names none");
  options.direction = Direction::kResponse;
  expect({{R"({"type":"string"})", {"\"abcdef\""}, {}}}, options);
}

TEST(Evaluate, evaluation_ends_after_its_steps) {
  CompileOptions options = plain();
  options.defaults.steps_max = 100;
  TestSchema schema(R"({"type":"array","maxItems":1000,"items":{"type":"integer","minimum":0}})", options);
  EXPECT_EQ(schema.judge("[1,2,3,4,5,6,7,8,9,10]"), Outcome::kValid);
  std::string many = "[0";
  for (int i = 0; i < 120; ++i) many += ",1";
  EXPECT_EQ(schema.judge(many + ']'), Outcome::kStepLimit);
  ASSERT_EQ(schema.violations.size(), 1U);
  EXPECT_EQ(schema.violations[0].keyword, "steps");
}

TEST(Evaluate, a_pattern_that_gives_up_is_a_refusal) {
  const std::string instance = '"' + std::string(60, 'a') + "!\"";
  TestSchema schema(R"x({"pattern":"^(?=(a+)+$)"})x", plain());
  EXPECT_EQ(schema.judge(instance), Outcome::kPatternLimit);
  TestSchema negated(R"x({"not":{"pattern":"^(?=(a+)+$)"}})x", plain());
  EXPECT_EQ(negated.judge(instance), Outcome::kPatternLimit);
}

TEST(Evaluate, root_types_are_seen_through_references_and_compositions) {
  constexpr auto bit = [](json::Kind kind) { return 1U << static_cast<unsigned>(kind); };
  const unsigned number = bit(json::Kind::kNumber);
  const unsigned string = bit(json::Kind::kString);
  const unsigned null = bit(json::Kind::kNull);
  const unsigned array = bit(json::Kind::kArray);
  struct Row {
    std::string schema;
    unsigned types;
    bool integer;
    unsigned items;
  };
  const std::vector<Row> rows = {
      {"{}", 63, false, 63},
      {R"({"type":"integer"})", number, true, 63},
      {R"({"type":"number"})", number, false, 63},
      {R"({"type":["integer","null"]})", number | null, false, 63},
      {R"({"allOf":[{"type":["integer","string"]},{"type":"integer"}]})", number, true, 63},
      {R"({"anyOf":[{"type":"integer"},{"type":"null"}]})", number | null, false, 63},
      {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"array","items":{"type":"integer"}}}})", array, false,
       number},
      {R"({"enum":["a","b"]})", string, false, 63},
      {R"({"enum":[1,2]})", number, true, 63},
  };
  for (const Row& row : rows) {
    TestSchema schema(row.schema, plain());
    EXPECT_EQ(root_types(*schema.program), row.types) << row.schema;
    EXPECT_EQ(root_is_integer(*schema.program), row.integer) << row.schema;
    EXPECT_EQ(item_types(*schema.program), row.items) << row.schema;
  }
}

}  // namespace
}  // namespace caponier::schema
