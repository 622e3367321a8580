#include "json/tree_value.h"

#include <gtest/gtest.h>

#include "json/read_tree.h"

namespace caponier::json {
namespace {

TEST(TreeValue, is_written_as_it_stands_in_the_tree) {
  const std::string text = R"({"a":[1.50,"x\ny",true,{}],"b":null,"c":{"d":-3}})";
  const auto tree = read_tree(text, "f.json");
  ASSERT_TRUE(tree);
  std::string out;
  append_text(out, *(*tree)->root());
  EXPECT_EQ(out, text);
}

TEST(TreeValue, becomes_a_value_that_can_be_judged) {
  const auto tree = read_tree(R"({"a": [1, "x", false, null], "b": {"c": 2.5}})", "f.json");
  ASSERT_TRUE(tree);
  Document document;
  document.clear();
  EXPECT_EQ(add_value(document, *(*tree)->root()), nullptr);
  const Value a = document.root().find("a").value();
  EXPECT_EQ(a.size(), 4U);
  EXPECT_EQ(a.first_child().integer(), 1);
  EXPECT_EQ(a.first_child().next_sibling().string(), "x");
  EXPECT_EQ(document.root().find("b")->find("c")->real(), 2.5);
}

Node number(std::string_view text) {
  Node node;
  node.kind = NodeKind::kNumber;
  node.text = text;
  return node;
}

TEST(TreeValue, of_a_number_is_spelt_as_json_spells_it) {
  EXPECT_EQ(number_text(number("1e2")), "1e2");
  EXPECT_EQ(number_text(number("+12")), "12");
  EXPECT_EQ(number_text(number(".5")), "0.5");
  EXPECT_EQ(number_text(number(".inf")), "");
}

TEST(TreeValue, names_the_number_that_json_does_not_have) {
  const Node infinite = number(".inf");
  Document document;
  document.clear();
  EXPECT_EQ(add_value(document, infinite), &infinite);
  EXPECT_EQ(document.root().kind(), Kind::kNull);
}

}  // namespace
}  // namespace caponier::json
