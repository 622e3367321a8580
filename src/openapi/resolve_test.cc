#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "openapi/test_document.h"

namespace caponier::openapi {
namespace {

constexpr std::string_view kTargets =
    "x-a: {'b/c': 1, 'd~e': 2, 'f g': 3, '%': 4, list: [10, 20], '': 5}\n"
    "x-self: {$ref: '#/x-self'}\n"
    "x-ping: {$ref: '#/x-pong'}\n"
    "x-pong: {$ref: '#/x-ping'}\n"
    "x-hop: {$ref: '#/x-a'}\n"
    "x-outer: {properties: {again: {$ref: '#/x-outer'}}}\n";

TEST(Resolve, follows_pointers_with_their_escapes) {
  const Loaded loaded = load(document("  {}\n", kTargets));
  ASSERT_TRUE(loaded.contract != nullptr);
  const Contract& contract = *loaded.contract;
  const Node& root = *contract.main_tree().root();
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"#/x-a/b~1c", "1"}, {"#/x-a/d~0e", "2"},    {"#/x-a/f%20g", "3"},
      {"#/x-a/%25", "4"},  {"#/x-a/list/1", "20"}, {"#/x-a/list/0", "10"},
      {"#/x-a/", "5"},     {"#%2Fx-a/b~1c", "1"},  {"#/info/title", "Orders"}};
  for (const auto& [reference, text] : cases) {
    Diagnostics diagnostics;
    const Node* node = contract.resolve(root, reference, diagnostics);
    ASSERT_NE(node, nullptr) << reference;
    EXPECT_EQ(node->text, text);
  }
  Diagnostics diagnostics;
  EXPECT_EQ(contract.resolve(*root.find("x-a"), "#", diagnostics), &root);
}

TEST(Resolve, what_leads_nowhere_is_refused_where_it_is_written) {
  const Loaded loaded = load(document("  {}\n", kTargets));
  const Contract& contract = *loaded.contract;
  const Node& holder = *contract.main_tree().root()->find("x-hop");
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"#/x-nothing", "unresolved-ref"},        {"#/x-a/b/c", "unresolved-ref"},
      {"#/x-a/d~2e", "unresolved-ref"},         {"#/x-a/d~", "unresolved-ref"},
      {"#/x-a/%zz", "unresolved-ref"},          {"#/x-a/list/2", "unresolved-ref"},
      {"#/x-a/list/01", "unresolved-ref"},      {"#/x-a/list/-", "unresolved-ref"},
      {"#/info/title/x", "unresolved-ref"},     {"#anchor", "anchor-ref"},
      {"other.yaml", "unreadable-ref"},         {"other.yaml#/a", "unreadable-ref"},
      {"https://example.com/a", "network-ref"}, {"", "unresolved-ref"}};
  for (const auto& [reference, code] : cases) {
    Diagnostics diagnostics;
    EXPECT_EQ(contract.resolve(holder, reference, diagnostics), nullptr) << reference;
    ASSERT_EQ(diagnostics.all().size(), 1U);
    EXPECT_EQ(diagnostics.all()[0].code, code) << reference;
    EXPECT_EQ(diagnostics.all()[0].position, holder.find("$ref")->position);
    EXPECT_EQ(diagnostics.all()[0].pointer, "/x-hop/$ref");
    EXPECT_FALSE(diagnostics.all()[0].fix.empty());
  }
}

TEST(Resolve, references_in_a_circle_of_references_are_refused_and_circular_schemas_are_not) {
  const Loaded loaded = load(document("  {}\n", kTargets));
  const Contract& contract = *loaded.contract;
  const Node& root = *contract.main_tree().root();
  const auto resolve_of = [&](const Node& holder, Diagnostics& diagnostics) {
    return contract.resolve(holder, holder.find("$ref")->text, diagnostics);
  };
  for (const std::string_view name : {"x-self", "x-ping", "x-pong"}) {
    Diagnostics diagnostics;
    EXPECT_EQ(resolve_of(*root.find(name), diagnostics), nullptr);
    EXPECT_EQ(diagnostics.all().at(0).code, "circular-ref");
    // The same if the member itself is named as the holder.
    const Node& member = *root.find(name)->find("$ref");
    EXPECT_EQ(contract.resolve(member, member.text, diagnostics), nullptr);
  }
  Diagnostics diagnostics;
  EXPECT_NE(resolve_of(*root.find("x-hop"), diagnostics), nullptr);
  EXPECT_NE(resolve_of(*root.find("x-outer")->find("properties")->find("again"), diagnostics), nullptr);
  EXPECT_TRUE(diagnostics.all().empty());
}

TEST(Resolve, a_long_chain_of_references_ends) {
  std::string rest;
  for (int i = 0; i < 200; ++i) {
    rest += "x-" + std::to_string(i) + ": {$ref: '#/x-" + std::to_string(i + 1) + "'}\n";
  }
  const Loaded loaded = load(document("  /a: {$ref: '#/x-0'}\n", rest + "x-200: {}\n"));
  EXPECT_TRUE(loaded.diagnostics.has_errors());
}

TEST(Resolve, a_part_that_is_referred_to_in_a_circle_is_refused_once_per_place) {
  Loaded loaded =
      load(document("  /a:\n    get:\n      parameters: [{$ref: '#/components/parameters/P'}]\n"
                    "      responses: {default: {description: d}}\n",
                    "components: {parameters: {P: {$ref: '#/components/parameters/P'}}}\n"));
  EXPECT_TRUE(loaded.says("circular-ref", "back to itself")) << loaded.text();
}

TEST(Resolve, finds_members_of_small_and_of_large_maps_alike) {
  for (const int count : {1, 11, 12, 13, 500}) {
    std::string rest = "components:\n  schemas:\n";
    for (int i = 0; i < count; ++i) rest += "    S" + std::to_string(i) + ": {type: string}\n";
    const Loaded loaded = load(document("  {}\n", rest));
    const Contract& contract = *loaded.contract;
    const Node& root = *contract.main_tree().root();
    Diagnostics diagnostics;
    for (int i = 0; i < count; ++i) {
      const std::string name = "S" + std::to_string(i);
      const Node* node = contract.resolve(root, "#/components/schemas/" + name, diagnostics);
      ASSERT_NE(node, nullptr) << name << " of " << count;
      EXPECT_EQ(node->key, name);
    }
    EXPECT_TRUE(diagnostics.all().empty());
    EXPECT_EQ(contract.resolve(root, "#/components/schemas/S" + std::to_string(count), diagnostics), nullptr);
  }
}

}  // namespace
}  // namespace caponier::openapi
