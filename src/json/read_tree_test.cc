#include "json/read_tree.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace caponier::json {
namespace {

TEST(JsonReadTree, nodes_have_kinds_texts_and_positions) {
  const auto read =
      read_tree("{\n  \"a\": [1.50, \"x\\ny\", true],\n  \"caf\xC3\xA9\": {\"b\": null}\n}", "f.json");
  ASSERT_TRUE(read);
  const Tree& tree = **read;
  EXPECT_EQ(tree.file(), "f.json");
  const Node& root = *tree.root();
  EXPECT_TRUE(root.is_object());
  EXPECT_EQ(root.child_count, 2U);
  EXPECT_EQ(root.position, (SourcePosition{1, 1}));
  const Node& list = *root.first_child;
  EXPECT_EQ(list.key, "a");
  EXPECT_EQ(list.key_position, (SourcePosition{2, 3}));
  EXPECT_EQ(list.position, (SourcePosition{2, 8}));
  EXPECT_EQ(list.parent, &root);
  const Node& number = *list.first_child;
  EXPECT_TRUE(number.is_number());
  EXPECT_EQ(number.text, "1.50");
  EXPECT_EQ(number.position, (SourcePosition{2, 9}));
  EXPECT_EQ(number.next->text, "x\ny");
  EXPECT_EQ(number.next->position, (SourcePosition{2, 15}));
  EXPECT_TRUE(number.next->next->is_boolean() && number.next->next->boolean);
  EXPECT_EQ(number.next->next->next, nullptr);
  const Node& object = *list.next;
  EXPECT_EQ(object.key, "caf\xC3\xA9");
  EXPECT_EQ(object.position, (SourcePosition{3, 12}));
  EXPECT_EQ(object.first_child->kind, NodeKind::kNull);
  EXPECT_EQ(object.first_child->pointer(), "/caf\xC3\xA9/b");
}

TEST(JsonReadTree, the_text_is_not_needed_afterwards) {
  auto text = std::make_unique<std::string>(R"(["some text that is long enough to be on the heap"])");
  const auto tree = read_tree(*text, "f.json");
  text.reset();
  EXPECT_EQ((*tree)->root()->first_child->text, "some text that is long enough to be on the heap");
}

TEST(JsonReadTree, refusals_say_what_and_where) {
  struct Case {
    std::string_view text;
    std::string_view code;
    SourcePosition position;
  };
  const Case cases[] = {
      {"", "invalid-json", {1, 1}},
      {"{\n  \"a\": 1,\n}", "invalid-json", {3, 1}},
      {"{\n  \"a\": [1,\n  2", "invalid-json", {3, 4}},
      {"[1]\n// c", "invalid-json", {2, 1}},
      {"[\"\xFF\"]", "invalid-json", {1, 3}},
      {"\xEF\xBB\xBF{}", "invalid-json", {1, 1}},
      {"[1e999]", "invalid-json", {1, 3}},
      {"{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", "duplicate-key", {3, 2}},
  };
  for (const Case& c : cases) {
    const auto tree = read_tree(c.text, "f.json");
    ASSERT_FALSE(tree) << c.text;
    EXPECT_EQ(tree.error().code, c.code) << c.text;
    EXPECT_EQ(tree.error().position, c.position) << c.text;
    EXPECT_EQ(tree.error().file, "f.json");
    EXPECT_FALSE(tree.error().message.empty());
    EXPECT_FALSE(tree.error().fix.empty());
  }
}

TEST(JsonReadTree, both_places_of_a_repeated_key_are_named) {
  const auto tree = read_tree("{\"a\": 1,\n \"a\": 3}", "f.json");
  ASSERT_FALSE(tree);
  EXPECT_EQ(to_text(tree.error()).substr(0, 78),
            "f.json:2:2: error: this key is repeated in its object; it stood first at 1:2 [");
}

TEST(JsonReadTree, depth_is_bounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(read_tree(nested(kDocumentDepthMax), "f"));
  const auto refused = read_tree(nested(kDocumentDepthMax + 1), "f");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "document-too-large");
}

TEST(JsonReadTree, size_is_bounded) {
  std::string text(kDocumentBytesMax, ' ');
  text[0] = '1';
  EXPECT_TRUE(read_tree(text, "f"));
  const auto refused = read_tree(text + " ", "f");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "document-too-large");
}

}  // namespace
}  // namespace caponier::json
