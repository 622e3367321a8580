#include "schema/standalone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/read_tree.h"

namespace caponier::schema {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// "valid", "invalid", or what compiling says.
std::string judge(std::string_view schema, std::string_view instance, const StandaloneOptions& options = {},
                  const Loader& loader = {}) {
  Diagnostics diagnostics;
  const ProgramPtr program = compile_text(schema, "s.json", options, loader, diagnostics);
  if (program == nullptr) {
    std::string out;
    for (const Diagnostic& d : diagnostics.all()) {
      if (d.severity == Severity::kError) out += to_text(d);
    }
    return out;
  }
  json::Document document;
  const auto value = document.read(instance, JsonLimits{});
  if (!value) return "not JSON";
  const bool valid = evaluate(*program, *value) == Outcome::kValid;
  EXPECT_EQ(explain(*program, *value).empty(), valid);
  return valid ? "valid" : "invalid";
}

TEST(Standalone, objects_are_open_and_nothing_is_capped_or_withheld) {
  const std::string_view schema = R"({"properties":{"a":{"readOnly":true}},"required":["a"]})";
  EXPECT_EQ(judge(schema, R"({"a":1,"b":2})"), "valid");
  EXPECT_EQ(judge(schema, R"({"b":2})"), "invalid");
  EXPECT_EQ(judge("{}", '"' + std::string(20'000, 'x') + '"'), "valid");
}

TEST(Standalone, unknown_words_are_findings_and_wrong_ones_errors) {
  Diagnostics diagnostics;
  EXPECT_NE(compile_text(R"({"x":1,"minimun":2})", "s.json", {}, {}, diagnostics), nullptr);
  ASSERT_EQ(diagnostics.all().size(), 2U);
  EXPECT_EQ(diagnostics.all()[1].severity, Severity::kFinding);
  EXPECT_THAT(diagnostics.all()[1].fix, HasSubstr("minimum"));
  EXPECT_THAT(judge(R"({"minimum":"2"})", "1"), HasSubstr("s.json:1:2: error: minimum must be a number"));
  EXPECT_THAT(judge("{", "1"), HasSubstr("s.json"));
}

TEST(Standalone, each_dialect_reads_its_own_words) {
  const std::string_view positions = R"({"items":[{"type":"null"}],"additionalItems":false})";
  EXPECT_EQ(judge(positions, "[null,1]", {.dialect = Dialect::kDraft07}), "invalid");
  EXPECT_EQ(judge(positions, "[null]", {.dialect = Dialect::kDraft04}), "valid");
  EXPECT_THAT(judge(positions, "[null]"), HasSubstr("prefixItems"));
  const std::string_view bound = R"({"minimum":1,"exclusiveMinimum":true})";
  EXPECT_EQ(judge(bound, "1", {.dialect = Dialect::kDraft04}), "invalid");
  EXPECT_EQ(judge(bound, "1", {.dialect = Dialect::kOpenApi30}), "invalid");
  EXPECT_THAT(judge(bound, "1", {.dialect = Dialect::kDraft06}), HasSubstr("must be a number"));
  const std::string_view nullable = R"({"type":"string","nullable":true})";
  EXPECT_EQ(judge(nullable, "null", {.dialect = Dialect::kOpenApi30}), "valid");
  EXPECT_EQ(judge(nullable, "null", {.dialect = Dialect::kOpenApi31}), "invalid");
  const std::string_view hidden =
      R"({"$ref":"#/definitions/a","maximum":1,"definitions":{"a":{"type":"number"}}})";
  EXPECT_EQ(judge(hidden, "2", {.dialect = Dialect::kDraft07}), "valid");
  EXPECT_EQ(judge(hidden, "2"), "invalid");
  EXPECT_EQ(judge(R"({"$schema":"http://json-schema.org/draft-04/schema#","const":1})", "2"), "valid");
}

TEST(Standalone, dialects_have_names) {
  for (const std::string_view name : dialect_names()) EXPECT_TRUE(dialect_named(name)) << name;
  EXPECT_EQ(dialect_named("draft-04"), Dialect::kDraft04);
  EXPECT_FALSE(dialect_named("draft-03"));
}

TEST(Standalone, the_loader_is_asked_once_for_each_document_by_its_whole_address) {
  std::vector<std::string> asked;
  const Loader loader = [&asked](std::string_view uri, Diagnostics&) -> std::unique_ptr<Tree> {
    asked.emplace_back(uri);
    if (!uri.ends_with("b.json")) return nullptr;
    return std::move(*json::read_tree(R"({"$defs":{"c":{"minimum":5}},"type":"integer"})", std::string(uri)));
  };
  const StandaloneOptions options{.base_uri = "file:///schemas/a.json"};
  const std::string_view schema = R"({"items":{"$ref":"b.json"},"contains":{"$ref":"./b.json#/$defs/c"}})";
  EXPECT_EQ(judge(schema, "[1,7]", options, loader), "valid");
  EXPECT_THAT(asked, ElementsAre("file:///schemas/b.json"));
  EXPECT_EQ(judge(schema, "[1]", options, loader), "invalid");
  EXPECT_THAT(judge(R"({"$ref":"c.json"})", "1", options, loader), HasSubstr("leads nowhere"));
  EXPECT_THAT(judge(R"({"$ref":"b.json#/$defs/d"})", "1", options, loader), HasSubstr("leads nowhere"));
  EXPECT_THAT(judge(R"({"$ref":"b.json"})", "1"), HasSubstr("leads nowhere"));
}

TEST(Standalone, what_is_wrong_in_a_loaded_document_is_told_with_its_file) {
  const Loader loader = [](std::string_view uri, Diagnostics&) {
    return std::move(*json::read_tree(R"({"minLength":"x"})", std::string(uri)));
  };
  EXPECT_THAT(judge(R"({"$ref":"http://x/b.json"})", "1", {}, loader),
              HasSubstr("http://x/b.json:1:2: error: minLength"));
}

TEST(Standalone, the_meta_schemas_are_built_in) {
  for (const std::string_view uri :
       {"https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-04/schema#", "https://spec.openapis.org/oas/3.1/dialect/base"}) {
    const std::string schema = R"({"$ref":")" + std::string(uri) + "\"}";
    EXPECT_EQ(judge(schema, R"({"properties":{"a":{"items":{"minLength":1}}}})"), "valid") << uri;
    EXPECT_EQ(judge(schema, R"({"properties":{"a":{"items":{"minLength":-1}}}})"), "invalid") << uri;
  }
}

TEST(Standalone, an_item_too_many_is_told_by_the_keyword_that_refuses_it) {
  const struct {
    std::string_view schema;
    std::string_view instance;
    std::string_view told;
  } rows[] = {
      {R"({"prefixItems":[true],"items":false})", "[1,2]", "/1 items: is not accepted: no more items are"},
      {R"({"prefixItems":[true],"unevaluatedItems":false})", "[1,2]",
       "/1 unevaluatedItems: is not accepted: no more items are"},
      {R"({"properties":{"items":false}})", R"({"items":1})",
       "/items false: is not accepted: the schema here is false"},
  };
  for (const auto& row : rows) {
    Diagnostics diagnostics;
    const ProgramPtr program = compile_text(row.schema, "s.json", {}, {}, diagnostics);
    json::Document document;
    const auto found = explain(*program, *document.read(row.instance, JsonLimits{}));
    ASSERT_EQ(found.size(), 1U) << row.schema;
    EXPECT_EQ(found[0].instance_pointer + " " + found[0].keyword + ": " + found[0].sentence, row.told);
  }
}

TEST(Standalone, formats_are_asserted_or_not) {
  const std::string_view schema = R"({"format":"ipv4"})";
  EXPECT_EQ(judge(schema, R"("x")"), "invalid");
  EXPECT_EQ(judge(schema, R"("x")", {.formats_asserted = false}), "valid");
}

TEST(Standalone, evaluation_ends_after_the_steps_that_were_given) {
  Diagnostics diagnostics;
  const ProgramPtr program =
      compile_text(R"({"items":{"type":"integer"}})", "s.json", {.steps_max = 8}, {}, diagnostics);
  json::Document document;
  EXPECT_EQ(evaluate(*program, *document.read("[1]", JsonLimits{})), Outcome::kValid);
  EXPECT_EQ(evaluate(*program, *document.read("[1,2,3,4,5,6,7,8,9,10]", JsonLimits{})), Outcome::kStepLimit);
}

}  // namespace
}  // namespace caponier::schema
