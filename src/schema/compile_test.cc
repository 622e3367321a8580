#include "schema/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/test_schema.h"

namespace caponier::schema {
namespace {

using testing::HasSubstr;

struct Row {
  std::string schema;
  Severity severity;
  std::string code;
  std::string pointer;
  std::string message;  // part of
  std::string fix;      // part of
};

void expect_said(const std::vector<Row>& rows, Dialect dialect) {
  CompileOptions options;
  options.dialect = dialect;
  for (const Row& row : rows) {
    TestSchema schema(row.schema, options);
    bool found = false;
    for (const Diagnostic& d : schema.diagnostics.all()) {
      if (d.code != row.code || d.pointer != row.pointer) continue;
      found = true;
      EXPECT_EQ(d.severity, row.severity) << row.schema;
      EXPECT_THAT(d.message, HasSubstr(row.message)) << row.schema;
      EXPECT_THAT(d.fix, HasSubstr(row.fix)) << row.schema;
      EXPECT_EQ(d.file, "schema.json");
      EXPECT_NE(d.position.line, 0U) << row.schema;
    }
    EXPECT_TRUE(found) << row.schema << "\n" << schema.said();
    EXPECT_EQ(schema.program == nullptr, schema.diagnostics.has_errors()) << row.schema << "\n"
                                                                          << schema.said();
  }
}

TEST(Compile, what_is_not_enforced_is_said_with_its_place) {
  constexpr Severity kError = Severity::kError;
  constexpr Severity kFinding = Severity::kFinding;
  expect_said(
      {
          {R"({"additionalItems":false})", kError, "unsupported-keyword", "/additionalItems",
           "not a keyword of OpenAPI 3.1", ""},
          {R"({"contentSchema":{}})", kError, "unsupported-keyword", "/contentSchema", "not enforced", ""},
          {R"({"properties":{"a":{"dependentRequired":[]}}})", kError, "invalid-keyword",
           "/properties/a/dependentRequired", "must be an object", ""},
          {R"({"dependentRequired":{"a":"b"}})", kError, "invalid-keyword", "/dependentRequired/a",
           "lists of names", ""},
          {R"({"dependentRequired":{"a":[1]}})", kError, "invalid-keyword", "/dependentRequired/a/0",
           "lists of names", ""},
          {R"({"unevaluatedItems":1})", kError, "invalid-keyword", "/unevaluatedItems", "a schema must be",
           ""},
          {R"({"$dynamicRef":"#a"})", kError, "unresolved-ref", "/$dynamicRef", "leads nowhere", ""},
          {R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})", kError, "duplicate-anchor",
           "/$defs/b/$anchor", "same anchor", ""},
          {R"({"$defs":{"a":{"$id":"http://x"},"b":{"$id":"http://x"}}})", kError, "duplicate-id",
           "/$defs/b/$id", "same identifier", ""},
          {R"({"maxlength":3})", kFinding, "unknown-keyword", "/maxlength",
           "not a JSON Schema keyword and is not enforced", "\"maxLength\""},
          {R"({"type":"string","nullable":true})", kFinding, "unknown-keyword", "/nullable", "OpenAPI 3.1",
           "\"null\" to type"},
          {R"({"type":"strng"})", kError, "invalid-keyword", "/type", "no such type", "\"string\""},
          {R"({"type":[]})", kError, "invalid-keyword", "/type", "at least one", ""},
          {R"({"minLength":-1})", kError, "invalid-keyword", "/minLength", "not negative", ""},
          {R"({"minLength":1.5})", kError, "invalid-keyword", "/minLength", "integer", ""},
          {R"({"exclusiveMinimum":true})", kError, "invalid-keyword", "/exclusiveMinimum", "must be a number",
           "itself the number"},
          {R"({"multipleOf":0})", kError, "invalid-keyword", "/multipleOf", "greater than 0", ""},
          {R"({"multipleOf":-1})", kError, "invalid-keyword", "/multipleOf", "greater than 0", ""},
          {R"({"multipleOf":1.2345678901234567891})", kError, "invalid-keyword", "/multipleOf", "18 digits",
           ""},
          {R"({"enum":[]})", kError, "invalid-keyword", "/enum", "at least one", ""},
          {R"({"required":true})", kError, "invalid-keyword", "/required", "list of names", ""},
          {R"({"properties":[]})", kError, "invalid-keyword", "/properties", "object of schemas", ""},
          {R"({"properties":{"a":1}})", kError, "invalid-keyword", "/properties/a", "a schema must be", ""},
          {R"({"items":[{}]})", kError, "invalid-keyword", "/items", "", "prefixItems"},
          {R"({"allOf":[]})", kError, "invalid-keyword", "/allOf", "at least one", ""},
          {R"({"readOnly":"yes"})", kError, "invalid-keyword", "/readOnly", "boolean", ""},
          {R"({"pattern":"a**"})", kError, "invalid-pattern", "/pattern", "at byte 2", "ECMA-262"},
          {R"({"patternProperties":{"[":{}}})", kError, "invalid-pattern", "/patternProperties/[",
           "not closed", ""},
          {R"({"$ref":"#/nowhere"})", kError, "unresolved-ref", "/$ref", "leads nowhere", ""},
          {R"({"format":"datetime"})", kFinding, "unknown-format", "/format",
           "\"datetime\" is not known and not enforced", "\"date-time\""},
          {R"({"type":"string","format":"int64"})", kFinding, "format-of-other-type", "/format",
           "says nothing", ""},
          {R"({"discriminator":{"propertyName":"k"},"oneOf":[{}]})", Severity::kNote,
           "discriminator-not-used", "/discriminator", "judged in full", ""},
          {R"({"x-caponier":{"clasification":"pii"}})", kError, "unknown-member", "/x-caponier/clasification",
           "no member", "\"classification\""},
          {R"({"x-caponier":{"classification":"pii"}})", kError, "unsupported-member",
           "/x-caponier/classification", "not enforced", ""},
          {R"({"x-caponier":1})", kError, "invalid-member", "/x-caponier", "object", ""},
          {R"({"$schema":"http://json-schema.org/draft-03/schema#"})", kError, "unsupported-dialect",
           "/$schema", "not known", "2020-12"},
          {R"({"$ref":"#"})", kError, "schema-cycle", "", "without end", ""},
          {R"({"allOf":[{"$ref":"#"}]})", kError, "schema-cycle", "", "without end", ""},
          {R"({"not":{"anyOf":[{"$ref":"#"}]}})", kError, "schema-cycle", "", "without end", ""},
      },
      Dialect::kOpenApi31);
  expect_said(
      {
          {R"({"const":1})", kError, "unsupported-keyword", "/const", "OpenAPI 3.0", "enum with one value"},
          {R"({"patternProperties":{}})", kError, "unsupported-keyword", "/patternProperties", "OpenAPI 3.0",
           ""},
          {R"({"propertis":{}})", kError, "unknown-keyword", "/propertis", "not a keyword", "\"properties\""},
          {R"({"examples":[]})", kFinding, "unknown-keyword", "/examples", "no effect", ""},
          {R"({"type":["string"]})", kError, "invalid-keyword", "/type", "one type only", ""},
          {R"({"type":"null"})", kError, "invalid-keyword", "/type", "no type null", "nullable"},
          {R"({"exclusiveMinimum":1})", kError, "invalid-keyword", "/exclusiveMinimum", "boolean", ""},
          {R"({"nullable":true})", kFinding, "nullable-without-type", "/nullable", "no effect", ""},
          {R"({"type":"string","nullable":true,"enum":["a"]})", kFinding, "nullable-without-null",
           "/nullable", "null is refused", ""},
          {R"({"properties":{"a":{"$ref":"#/properties/b","maxLength":1},"b":{}}})", Severity::kNote,
           "ref-sibling", "/properties/a/maxLength", "no effect", "allOf"},
          {R"({"items":true})", kError, "invalid-keyword", "/items", "must be an object", ""},
      },
      Dialect::kOpenApi30);
}

TEST(Compile, annotations_and_foreign_extensions_are_passed_over_in_silence) {
  TestSchema schema(
      R"({"title":"t","description":"d","default":1,"examples":[1],"deprecated":true,"externalDocs":{},"xml":{},"$comment":"c","x-vendor":{"a":1},"format":"password"})");
  ASSERT_NE(schema.program, nullptr);
  EXPECT_EQ(schema.said(), "");
}

TEST(Compile, every_problem_of_a_schema_is_said_in_one_go) {
  TestSchema schema(
      R"({"type":"strng","properties":{"a":{"pattern":"("},"b":{"minLength":"x"}},"dependencies":[]})");
  EXPECT_EQ(schema.diagnostics.error_count(), 4U) << schema.said();
}

TEST(Compile, composition_that_unfolds_without_measure_is_refused) {
  // Each level refers to the next one four times: 4^12 schemas at one place.
  std::string text = R"({"$ref":"#/$defs/l0","$defs":{)";
  for (int i = 0; i < 12; ++i) {
    const std::string next = R"({"$ref":"#/$defs/l)" + std::to_string(i + 1) + R"("})";
    text +=
        "\"l" + std::to_string(i) + R"(":{"allOf":[)" + next + "," + next + "," + next + "," + next + "]},";
  }
  TestSchema schema(text + R"("l12":{}}})");
  EXPECT_EQ(schema.program, nullptr);
  EXPECT_THAT(schema.said(), HasSubstr("schema-too-large"));
}

TEST(Compile, nesting_in_place_is_bounded) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += R"({"not":)";
    text += "{}";
    return text + std::string(static_cast<std::size_t>(depth), '}');
  };
  EXPECT_NE(TestSchema(nested(63)).program, nullptr);
  EXPECT_EQ(TestSchema(nested(64)).program, nullptr);
}

TEST(Compile, formats_are_left_alone_where_they_are_annotations) {
  CompileOptions options;
  options.formats_asserted = false;
  TestSchema schema(R"({"format":"uuid"})", options);
  EXPECT_TRUE(schema.accepts("\"x\""));
  EXPECT_EQ(schema.said(), "");
}

}  // namespace
}  // namespace caponier::schema
