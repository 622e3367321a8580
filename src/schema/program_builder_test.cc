#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/program_data.h"
#include "schema/resource.h"
#include "schema/test_schema.h"

namespace caponier::schema {
namespace {

using testing::HasSubstr;

// Schemas of one document, compiled side by side.
class Shared {
 public:
  explicit Shared(std::string_view text) : tree_(std::move(*json::read_tree(text, "shared.json"))) {
    resources_.add_schema(*tree_->root(), "http://x/", tree_->file(), diagnostics);
  }

  ProgramPtr add(std::string_view pointer, Direction direction = Direction::kRequest) {
    return builder_.add(*resolve_local(*tree_->root(), pointer), direction, diagnostics);
  }
  void finish() { builder_.finish(); }

  Diagnostics diagnostics;

 private:
  std::unique_ptr<Tree> tree_;
  Resources resources_{Dialect::kOpenApi31};
  ProgramBuilder builder_{{.resources = &resources_},
                          [](const Node& holder, std::string_view reference, Diagnostics&) {
                            return resolve_local(holder, reference);
                          },
                          [this](const Node&) { return std::string_view(tree_->file()); }};
};

bool accepts(const ProgramPtr& schema, std::string_view instance) {
  json::Document document;
  const auto value = document.read(instance, JsonLimits{});
  EXPECT_EQ(evaluate(*schema, *value) == Outcome::kValid, explain(*schema, *value).empty()) << instance;
  return evaluate(*schema, *value) == Outcome::kValid;
}

// A schema of some size, and as many others that lead to it.
std::string holders_of_item(int count) {
  std::string out = R"({"$defs":{"Item":{"type":"object","properties":{)";
  for (int i = 0; i < 20; ++i) {
    const std::string name = "\"p" + std::to_string(i) + "\"";
    out += (i == 0 ? "" : ",") + name + R"(:{"type":"string","enum":["a","b"],"pattern":"^[ab]$"})";
  }
  out += R"(,"n":{"type":"integer","minimum":3}}})";
  for (int i = 0; i < count; ++i) {
    out += ",\"Holder" + std::to_string(i) +
           R"(":{"type":"object","properties":{"item":{"$ref":"#/$defs/Item"}}})";
  }
  return out + "}}";
}

TEST(ProgramBuilder, a_schema_that_many_lead_to_is_compiled_once) {
  Shared shared(holders_of_item(50));
  const ProgramPtr first = shared.add("#/$defs/Holder0");
  ASSERT_NE(first, nullptr);
  const std::size_t blocks = first->program->blocks.size();
  EXPECT_GT(blocks, 20U);
  std::vector<ProgramPtr> others;
  for (int i = 1; i < 50; ++i) others.push_back(shared.add("#/$defs/Holder" + std::to_string(i)));
  const Program& program = *first->program;
  // One more for each holder, and nothing of what they hold.
  EXPECT_EQ(program.blocks.size(), blocks + 49);
  EXPECT_EQ(program.enums.size(), 20U);
  EXPECT_EQ(program.patterns.size(), 1U);
  EXPECT_EQ(program.bounds.size(), 1U);
  for (const ProgramPtr& other : others) EXPECT_EQ(other->program, first->program);
  shared.finish();
  for (const ProgramPtr& other : others) {
    EXPECT_TRUE(accepts(other, R"({"item":{"p3":"a","n":3}})"));
    EXPECT_FALSE(accepts(other, R"({"item":{"p3":"c"}})"));
    EXPECT_FALSE(accepts(other, R"({"item":{"n":2}})"));
  }
}

TEST(ProgramBuilder, the_same_schema_is_the_same_entry_whatever_leads_to_it) {
  Shared shared(R"({"$defs":{"A":{"type":"integer"},"B":{"$ref":"#/$defs/A"}}})");
  EXPECT_EQ(shared.add("#/$defs/A"), shared.add("#/$defs/B"));
  EXPECT_NE(shared.add("#/$defs/A"), shared.add("#/$defs/A", Direction::kResponse));
}

TEST(ProgramBuilder, each_direction_has_rules_of_its_own_in_one_program) {
  Shared shared(R"({"$defs":{"A":{"type":"object","required":["id","key"],"properties":{
      "id":{"type":"integer","readOnly":true},"key":{"type":"string","writeOnly":true}}}}})");
  const ProgramPtr request = shared.add("#/$defs/A", Direction::kRequest);
  const ProgramPtr response = shared.add("#/$defs/A", Direction::kResponse);
  EXPECT_EQ(request->program, response->program);
  EXPECT_TRUE(accepts(request, R"({"key":"k"})"));
  EXPECT_FALSE(accepts(request, R"({"key":"k","id":1})"));
  EXPECT_TRUE(accepts(response, R"({"id":1})"));
  EXPECT_FALSE(accepts(response, R"({"key":"k","id":1})"));
  // Default caps are for requests alone.
  const std::string longer =
      "{\"key\":\"" + std::string(SchemaDefaults{}.string_code_points_max + 1, 'k') + "\"}";
  EXPECT_FALSE(accepts(request, longer));
}

TEST(ProgramBuilder, a_shared_schema_is_explained_by_its_own_place) {
  Shared shared(holders_of_item(2));
  shared.add("#/$defs/Holder0");
  const ProgramPtr second = shared.add("#/$defs/Holder1");
  json::Document document;
  const auto value = document.read(R"({"item":{"n":1}})", JsonLimits{});
  const std::vector<Violation> violations = explain(*second, *value);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].instance_pointer, "/item/n");
  EXPECT_EQ(violations[0].schema_pointer, "/$defs/Item/properties/n/minimum");
  EXPECT_EQ(violations[0].file, "shared.json");
}

TEST(ProgramBuilder, nothing_rests_on_a_schema_that_cannot_be_enforced) {
  Shared shared(R"({"$defs":{"Good":{"type":"integer"},"Bad":{"type":"string","pattern":"("},
      "A":{"properties":{"x":{"$ref":"#/$defs/Bad"}}},"B":{"items":{"$ref":"#/$defs/Bad"}}}})");
  const ProgramPtr before = shared.add("#/$defs/Good");
  EXPECT_EQ(shared.add("#/$defs/A"), nullptr);
  EXPECT_EQ(shared.diagnostics.error_count(), 1U);
  EXPECT_EQ(shared.add("#/$defs/B"), nullptr);
  EXPECT_EQ(shared.add("#/$defs/Bad"), nullptr);
  EXPECT_EQ(shared.diagnostics.error_count(), 3U);
  EXPECT_THAT(to_text(shared.diagnostics.all().back()), HasSubstr("invalid-pattern"));
  const ProgramPtr after = shared.add("#/$defs/Good");
  for (const ProgramPtr& good : {before, after}) {
    ASSERT_NE(good, nullptr);
    EXPECT_TRUE(accepts(good, "1"));
    EXPECT_FALSE(accepts(good, "\"a\""));
  }
}

TEST(ProgramBuilder, a_dynamic_reference_means_for_each_schema_what_it_means_there) {
  Shared shared(R"({"$defs":{
      "list":{"$id":"list","type":"array","items":{"$dynamicRef":"#item"},"$defs":{"any":{"$dynamicAnchor":"item"}}},
      "texts":{"$id":"texts","$ref":"list","$defs":{"text":{"$dynamicAnchor":"item","type":"string"}}},
      "numbers":{"$id":"numbers","$ref":"list","$defs":{"number":{"$dynamicAnchor":"item","type":"number"}}}}})");
  const ProgramPtr texts = shared.add("#/$defs/texts");
  const ProgramPtr numbers = shared.add("#/$defs/numbers");
  const ProgramPtr list = shared.add("#/$defs/list");
  ASSERT_TRUE(texts != nullptr && numbers != nullptr && list != nullptr);
  EXPECT_EQ(texts->program, numbers->program);
  EXPECT_TRUE(accepts(texts, R"(["a"])") && accepts(numbers, "[1]") && accepts(list, R"(["a",1])"));
  EXPECT_FALSE(accepts(texts, "[1]"));
  EXPECT_FALSE(accepts(numbers, R"(["a"])"));
}

TEST(ProgramBuilder, the_bound_on_what_a_schema_unfolds_into_is_each_schemas_own) {
  const auto properties = [](int first, int count) {
    std::string out = R"({"type":"object","properties":{)";
    for (int i = 0; i < count; ++i) {
      out += (i == 0 ? "\"" : ",\"") + std::to_string(first + i) + "\":{\"type\":\"null\"}";
    }
    return out + "}}";
  };
  // The object itself is a part, too.
  Shared shared("{\"$defs\":{\"A\":" + properties(0, 60'000) + ",\"B\":" + properties(0, 60'000) +
                ",\"Full\":" + properties(0, 99'998) + ",\"Over\":" + properties(0, 99'999) + "}}");
  EXPECT_NE(shared.add("#/$defs/A"), nullptr);
  EXPECT_NE(shared.add("#/$defs/B"), nullptr);
  EXPECT_NE(shared.add("#/$defs/Full"), nullptr);
  EXPECT_EQ(shared.diagnostics.error_count(), 0U);
  EXPECT_EQ(shared.add("#/$defs/Over"), nullptr);
  EXPECT_THAT(to_text(shared.diagnostics.all().back()), HasSubstr("schema-too-large"));
}

TEST(ProgramBuilder, a_program_that_has_grown_large_is_followed_by_another) {
  std::string text = R"({"$defs":{)";
  constexpr int kMany = 1'001;  // meanings of dynamic references
  for (int i = 0; i < kMany; ++i) {
    const std::string name = std::to_string(i);
    text += (i == 0 ? "\"" : ",\"") + name + R"(":{"$id":")" + name + R"(","$dynamicAnchor":"a)" + name +
            R"(","type":"object","properties":{"next":{"$dynamicRef":"#a)" + name + "\"}}}";
  }
  Shared shared(text + "}}");
  std::vector<ProgramPtr> schemas;
  for (int i = 0; i < kMany; ++i) schemas.push_back(shared.add("#/$defs/" + std::to_string(i)));
  EXPECT_EQ(shared.diagnostics.error_count(), 0U);
  EXPECT_EQ(schemas[0]->program, schemas[500]->program);
  EXPECT_NE(schemas[0]->program, schemas[kMany - 1]->program);
  for (const ProgramPtr& schema : schemas) {
    EXPECT_TRUE(accepts(schema, R"({"next":{"next":{}}})"));
    EXPECT_FALSE(accepts(schema, R"({"next":{"next":1}})"));
  }
}

}  // namespace
}  // namespace caponier::schema
