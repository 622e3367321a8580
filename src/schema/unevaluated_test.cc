// What is left over at a place of the instance: unevaluatedProperties and unevaluatedItems across everything
// that may speak of names and items, in schemas where both meet.
#include <gtest/gtest.h>

#include "schema/standalone.h"
#include "schema/test_schema.h"

namespace caponier::schema {
namespace {

struct Row {
  std::string schema;
  std::vector<std::string> yes;
  std::vector<std::string> no;
};

void expect_verdicts(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    Diagnostics diagnostics;
    const ProgramPtr program = compile_text(row.schema, "s.json", {}, {}, diagnostics);
    ASSERT_NE(program, nullptr) << row.schema;
    const auto accepts = [&program](std::string_view text) {
      json::Document document;
      const auto value = document.read(text, JsonLimits{});
      const bool valid = evaluate(*program, *value) == Outcome::kValid;
      EXPECT_EQ(explain(*program, *value).empty(), valid) << text;
      return valid;
    };
    for (const std::string& instance : row.yes) EXPECT_TRUE(accepts(instance)) << row.schema << instance;
    for (const std::string& instance : row.no) EXPECT_FALSE(accepts(instance)) << row.schema << instance;
  }
}

TEST(Unevaluated, parts_that_close_one_kind_tell_of_the_other) {
  expect_verdicts({
      {R"({"allOf":[{"properties":{"a":true},"unevaluatedItems":false}],"unevaluatedProperties":false})",
       {R"({"a":1})", "[]"},
       {R"({"b":1})", "[1]"}},
      {R"({"allOf":[{"prefixItems":[true],"unevaluatedProperties":false}],"unevaluatedItems":false})",
       {"[1]", "{}"},
       {"[1,2]", R"({"a":1})"}},
      {R"({"anyOf":[{"required":["x"],"properties":{"x":true},"unevaluatedItems":false},{"properties":{"y":true}}],
          "unevaluatedProperties":false})",
       {R"({"x":1,"y":1})", R"({"y":1})", "{}"},
       {R"({"z":1})", R"({"x":1,"z":1})"}},
  });
}

TEST(Unevaluated, a_part_looks_at_its_own_findings_only) {
  expect_verdicts({
      {R"({"properties":{"a":true},"allOf":[{"properties":{"b":true},"unevaluatedProperties":false}]})",
       {R"({"b":1})"},
       {R"({"a":1})"}},
      {R"({"prefixItems":[true,true],"allOf":[{"prefixItems":[true],"unevaluatedItems":false,
          "properties":{"p":true}}],"unevaluatedProperties":false})",
       {"[1]", R"({"p":1})"},
       {"[1,2]", R"({"q":1})"}},
      {R"({"anyOf":[{"anyOf":[{"prefixItems":[{"type":"string"}]},true],"unevaluatedItems":{"type":"integer"},
          "properties":{"p":true}}],"unevaluatedProperties":false})",
       {R"(["a",1])", "[1,1]", R"({"p":1})"},
       {R"(["a","b"])", R"([1,"b"])", R"({"q":1})"}},
  });
}

TEST(Unevaluated, alternatives_tell_only_where_they_hold) {
  expect_verdicts({
      {R"({"if":{"prefixItems":[{"const":1}]},"then":{"prefixItems":[true,true]},"unevaluatedItems":false})",
       {"[1]", "[1,2]", "[]"},
       {"[2]", "[1,2,3]"}},
      {R"({"dependentSchemas":{"a":{"properties":{"b":true}}},"properties":{"a":true},
          "unevaluatedProperties":false})",
       {R"({"a":1,"b":1})", R"({"a":1})"},
       {R"({"b":1})"}},
      {R"({"oneOf":[{"contains":{"type":"string"}},{"items":{"type":"integer"}}],"unevaluatedItems":{"const":0}})",
       {"[1,2]", R"(["a",0])", R"(["a","b"])"},
       {R"(["a",1])"}},
      {R"({"not":{"not":{"properties":{"a":true}}},"unevaluatedProperties":false})", {"{}"}, {R"({"a":1})"}},
      {R"({"anyOf":[{"allOf":[{"anyOf":[{"prefixItems":[true,{"const":2}]},{"prefixItems":[true]}]}]},false],
          "unevaluatedItems":false})",
       {"[1,2]", "[1]"},
       {"[1,3]", "[1,2,3]"}},
  });
}

TEST(Unevaluated, contains_without_alternatives_needs_no_frame) {
  expect_verdicts({
      {R"({"prefixItems":[true],"contains":{"type":"string"},"minContains":0,"unevaluatedItems":{"type":"null"}})",
       {R"([1,"a",null])", "[1]", "[]", R"([1,null,"b"])"},
       {"[1,2]", R"([1,"a",2])"}},
  });
}

TEST(Unevaluated, dynamic_references_are_told_of_too) {
  const std::string tree =
      R"({"$id":"http://x/strict","$dynamicAnchor":"node","$ref":"tree","unevaluatedProperties":false,
      "$defs":{"tree":{"$id":"tree","$dynamicAnchor":"node","properties":{"data":true,
      "children":{"items":{"$dynamicRef":"#node"}}}}}})";
  expect_verdicts({{tree,
                    {R"({"data":1,"children":[{"data":2,"children":[]}]})"},
                    {R"({"children":[{"daat":1}]})", R"({"children":[{"children":[{"x":1}]}]})"}}});
}

TEST(Unevaluated, more_than_512_alternatives_at_one_place_are_refused) {
  const auto schema = [](int count) {
    std::string list;
    for (int n = 0; n < count; ++n)
      list += std::string(n > 0 ? "," : "") + R"({"prefixItems":[{"const":)" + std::to_string(n) + "}]}";
    return R"({"anyOf":[)" + list + R"(],"unevaluatedItems":false})";
  };
  expect_verdicts({{schema(512), {"[0]", "[511]"}, {"[512]", "[1,2]"}}});
  Diagnostics diagnostics;
  EXPECT_EQ(compile_text(schema(513), "s.json", {}, {}, diagnostics), nullptr);
}

TEST(Unevaluated, contracts_close_beside_parts_with_rules_for_items) {
  TestSchema schema(
      R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"unevaluatedItems":false}],
      "properties":{"b":{"type":"integer"}}})");
  ASSERT_NE(schema.program, nullptr) << schema.said();
  EXPECT_TRUE(schema.accepts(R"({"a":1,"b":2})"));
  EXPECT_FALSE(schema.accepts(R"({"a":1,"c":2})"));
  EXPECT_EQ(schema.violations.at(0).sentence, "is not declared, and undeclared properties are not accepted");
}

}  // namespace
}  // namespace caponier::schema
