#include "schema/resource.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/read_tree.h"
#include "schema/standalone.h"

namespace caponier::schema {
namespace {

using testing::HasSubstr;

std::unique_ptr<Tree> tree_of(const std::string& text, std::string_view uri) {
  return std::move(*json::read_tree(text, std::string(uri)));
}

std::string errors_of(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& d : diagnostics.all()) {
    if (d.severity == Severity::kError) out += to_text(d);
  }
  return out;
}

std::string compile_errors(std::string_view schema, const Loader& loader = {}) {
  Diagnostics diagnostics;
  const ProgramPtr program = compile_text(schema, "s.json", {}, loader, diagnostics);
  EXPECT_EQ(program == nullptr, diagnostics.has_errors());
  return errors_of(diagnostics);
}

// Document n refers to document n + 1, up to the last.
Loader chain(int last, std::string_view before, std::string_view after) {
  return [=](std::string_view uri, Diagnostics&) {
    const int n = std::stoi(std::string(uri.substr(uri.rfind('/') + 1)));
    return tree_of(n == last ? "{}" : std::string(before) + std::to_string(n + 1) + std::string(after), uri);
  };
}

TEST(Resources, documents_are_counted) {
  const std::string first = R"({"items":{"$ref":"http://x/1"}})";
  const std::string_view before = R"({"items":{"$ref":"http://x/)";
  EXPECT_EQ(compile_errors(first, chain(500, before, "\"}}")), "");
  EXPECT_THAT(compile_errors(first, chain(501, before, "\"}}")), HasSubstr("more than 500 documents"));
}

TEST(Resources, meta_schemas_of_meta_schemas_have_an_end) {
  const std::string first = R"({"$schema":"http://x/1"})";
  const std::string_view before = R"({"$schema":"http://x/)";
  EXPECT_EQ(compile_errors(first, chain(16, before, "\"}")), "");
  EXPECT_THAT(compile_errors(first, chain(17, before, "\"}")), HasSubstr("not at hand"));
  EXPECT_THAT(compile_errors(R"({"$id":"http://x/1","$schema":"http://x/1"})"), HasSubstr("not at hand"));
}

TEST(Resources, the_meanings_of_dynamic_references_are_counted) {
  const auto schema = [](int count) {
    std::string properties;
    std::string definitions;
    for (int n = 0; n < count; ++n) {
      const std::string name = std::to_string(n);
      const std::string comma = n > 0 ? "," : "";
      properties += comma + '"' + name + R"(":{"$ref":"http://x/)" + name + "\"}";
      definitions += comma + '"' + name + R"(":{"$id":"http://x/)" + name + R"(","$dynamicAnchor":"a)" +
                     name + R"(","type":"string"})";
    }
    return R"({"properties":{)" + properties + R"(},"$defs":{)" + definitions + "}}";
  };
  EXPECT_EQ(compile_errors(schema(4095)), "");
  EXPECT_THAT(compile_errors(schema(4096)), HasSubstr("more than 4096 meanings"));
}

TEST(Resources, a_vocabulary_that_is_required_and_unknown_is_an_error) {
  const auto loader = [](bool required) {
    return [required](std::string_view uri, Diagnostics&) {
      return tree_of(
          std::string(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$vocabulary":{)") +
              R"("https://json-schema.org/draft/2020-12/vocab/core":true,"http://x/mine":)" +
              (required ? "true}}" : "false}}"),
          uri);
    };
  };
  const std::string_view schema = R"({"$schema":"http://x/meta","type":"string"})";
  EXPECT_EQ(compile_errors(schema, loader(false)), "");
  EXPECT_THAT(compile_errors(schema, loader(true)), HasSubstr("requires the vocabulary \"http://x/mine\""));
}

TEST(Resources, identifiers_in_data_and_beside_old_references_are_none) {
  EXPECT_THAT(compile_errors(R"({"const":{"$id":"http://x/a"},"$ref":"http://x/a"})"),
              HasSubstr("leads nowhere"));
  EXPECT_THAT(compile_errors(R"({"$schema":"http://json-schema.org/draft-07/schema#","items":{"$ref":"#b"},)"
                             R"("definitions":{"a":{"$id":"#b","$ref":"#/definitions/c"},"c":{}}})"),
              HasSubstr("leads nowhere"));
  EXPECT_EQ(compile_errors(R"({"$schema":"http://json-schema.org/draft-07/schema#","items":{"$ref":"#b"},)"
                           R"("definitions":{"a":{"$id":"#b"}}})"),
            "");
}

TEST(Resources, a_contract_is_searched_for_schemas_and_not_its_examples) {
  const auto tree = tree_of(
      R"({"openapi":"3.1.0","paths":{"/a":{"get":{"parameters":[{"schema":{"$anchor":"p"},"example":{"schema":
      {"$anchor":"e"}}}]}}},"components":{"schemas":{"S":{"$anchor":"s"}}},"x-y":{"schema":{"$anchor":"x"}}})",
      "api.json");
  Diagnostics diagnostics;
  Resources resources(Dialect::kOpenApi31);
  resources.add_contract(*tree->root(), "api.json", "api.json", nullptr, diagnostics);
  EXPECT_FALSE(resources.plain());
  const Resource& root = *resources.of(*tree->root());
  EXPECT_NE(resources.find(root, "#p", diagnostics).node, nullptr);
  EXPECT_NE(resources.find(root, "api.json#s", diagnostics).node, nullptr);
  EXPECT_EQ(resources.find(root, "#e", diagnostics).node, nullptr);
  EXPECT_EQ(resources.find(root, "#x", diagnostics).node, nullptr);
  EXPECT_EQ(errors_of(diagnostics), "");
}

}  // namespace
}  // namespace caponier::schema
