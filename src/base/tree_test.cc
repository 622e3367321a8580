#include "base/tree.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace caponier {
namespace {

Node number(std::string_view text) {
  Node node;
  node.kind = NodeKind::kNumber;
  node.text = text;
  return node;
}

struct IntegerCase {
  std::string_view text;
  std::optional<std::int64_t> expected;
};

TEST(Node, integers_are_read_by_value_and_not_by_spelling) {
  const IntegerCase cases[] = {
      {"0", 0},
      {"-0", 0},
      {"12", 12},
      {"+12", 12},
      {"1.0", 1},
      {"1e2", 100},
      {"1.5e1", 15},
      {"1500e-2", 15},
      {"0x1F", 31},
      {"0o17", 15},
      {"00012", 12},
      {"0e999999", 0},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"9223372036854775808", std::nullopt},
      {"-9223372036854775809", std::nullopt},
      {"1e18", 1'000'000'000'000'000'000},
      {"1e19", std::nullopt},
      {"1e1000000000000", std::nullopt},
      {"1.5", std::nullopt},
      {"1e-1", std::nullopt},
      {".inf", std::nullopt},
      {"", std::nullopt},
      {"-", std::nullopt},
      {".", std::nullopt},
      {"1e", std::nullopt},
      {"1x", std::nullopt},
      {"0xfffffffffffffffff", std::nullopt},
      {"0x", std::nullopt},
  };
  for (const IntegerCase& c : cases) EXPECT_EQ(number(c.text).integer(), c.expected) << c.text;
}

TEST(Node, reals_are_finite_or_nothing) {
  EXPECT_EQ(number("1.5").real(), 1.5);
  EXPECT_EQ(number("-2.5e-1").real(), -0.25);
  EXPECT_EQ(number("+.5").real(), 0.5);
  EXPECT_EQ(number("7").real(), 7.0);
  for (const char* bad : {"1e999", ".inf", "inf", "nan", "-nan", "", "1.5x"}) {
    EXPECT_EQ(number(bad).real(), std::nullopt) << bad;
  }
  Node text = number("1");
  text.kind = NodeKind::kString;
  EXPECT_EQ(text.real(), std::nullopt);
  EXPECT_EQ(text.integer(), std::nullopt);
}

struct Sample {
  Tree tree{"sample.json"};
  Node* root = tree.make_node();
  Node* list = tree.make_node();
  Node* first = tree.make_node();
  Node* second = tree.make_node();

  Sample() {
    root->kind = NodeKind::kObject;
    root->child_count = 1;
    root->first_child = list;
    list->kind = NodeKind::kArray;
    list->key = tree.keep("a/b~c");
    list->parent = root;
    list->first_child = first;
    list->child_count = 2;
    first->parent = list;
    first->next = second;
    second->parent = list;
    second->position = {4, 2};
    tree.set_root(root);
  }
};

TEST(Node, pointers_escape_keys_and_count_elements) {
  const Sample sample;
  EXPECT_EQ(sample.root->pointer(), "");
  EXPECT_EQ(sample.list->pointer(), "/a~1b~0c");
  EXPECT_EQ(sample.second->pointer(), "/a~1b~0c/1");
}

TEST(Node, find_looks_at_objects_only) {
  const Sample sample;
  EXPECT_EQ(sample.root->find("a/b~c"), sample.list);
  EXPECT_EQ(sample.root->find("other"), nullptr);
  EXPECT_EQ(sample.list->find(""), nullptr);
}

TEST(Tree, kept_texts_stay_where_they_are) {
  Tree tree("f");
  const std::string_view first = tree.keep("short");
  for (int i = 0; i < 1000; ++i) tree.keep(std::to_string(i));
  const std::string large(200'000, 'x');
  EXPECT_EQ(tree.keep(large), large);
  EXPECT_EQ(tree.keep(""), "");
  EXPECT_EQ(first, "short");
}

TEST(Tree, nodes_stay_where_they_are) {
  Tree tree("f", 3);
  std::vector<Node*> nodes;
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    nodes.push_back(tree.make_node());
    nodes.back()->child_count = i;
  }
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    EXPECT_EQ(nodes[i]->child_count, i);
    EXPECT_EQ(nodes[i]->document, 3U);
  }
}

TEST(Tree, a_diagnostic_at_a_node_is_located) {
  const Sample sample;
  const Diagnostic d = at_node(sample.tree, *sample.second, "code", "message", "fix", Severity::kNote);
  EXPECT_EQ(to_text(d), "sample.json:4:2: note: message [code] (at /a~1b~0c/1)\n  fix: fix");
}

TEST(Tree, kinds_have_names_that_fit_into_a_sentence) {
  EXPECT_EQ(kind_name(NodeKind::kNull), "null");
  EXPECT_EQ(kind_name(NodeKind::kArray), "an array");
  EXPECT_EQ(kind_name(NodeKind::kString), "a string");
}

}  // namespace
}  // namespace caponier
