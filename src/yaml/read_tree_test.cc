#include "yaml/read_tree.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace caponier::yaml {
namespace {

// The tree as compact JSON, which is short to write in a table.
void append(std::string& out, const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      out += "null";
      return;
    case NodeKind::kBoolean:
      out += node.boolean ? "true" : "false";
      return;
    case NodeKind::kNumber:
      out += node.text;
      return;
    case NodeKind::kString:
      out.append("\"").append(node.text).append("\"");
      return;
    case NodeKind::kArray:
    case NodeKind::kObject:
      break;
  }
  out += node.is_object() ? "{" : "[";
  for (const Node& child : node) {
    if (&child != node.first_child) out += ",";
    if (node.is_object()) out.append("\"").append(child.key).append("\":");
    append(out, child);
  }
  out += node.is_object() ? "}" : "]";
}

std::string read(std::string_view text) {
  const auto tree = read_tree(text, "f.yaml");
  if (!tree) return "refused: " + tree.error().code;
  std::string out;
  append(out, *(*tree)->root());
  return out;
}

std::string refusal(std::string_view text) {
  const auto tree = read_tree(text, "f.yaml");
  return tree ? "accepted" : to_text(tree.error());
}

TEST(YamlReadTree, plain_scalars_have_the_types_of_the_core_schema) {
  struct Case {
    std::string_view text;
    std::string_view json;
  };
  const Case cases[] = {
      {"a:", R"({"a":null})"},
      {"~", "null"},
      {"null", "null"},
      {"Null", "null"},
      {"NULL", "null"},
      {"nULL", "\"nULL\""},
      {"true", "true"},
      {"True", "true"},
      {"TRUE", "true"},
      {"tRUE", "\"tRUE\""},
      {"false", "false"},
      {"False", "false"},
      {"FALSE", "false"},
      {"yes", "\"yes\""},
      {"no", "\"no\""},
      {"on", "\"on\""},
      {"off", "\"off\""},
      {"NO", "\"NO\""},
      {"y", "\"y\""},
      {"0", "0"},
      {"-0", "-0"},
      {"+12", "12"},
      {"-19", "-19"},
      {"007", "7"},
      {"-007", "-7"},
      {"000", "0"},
      {"0o17", "15"},
      {"0x1F", "31"},
      {"0xff", "255"},
      {"0xFFFFFFFFFFFFFFFF", "18446744073709551615"},
      {"0o8", "\"0o8\""},
      {"0x", "\"0x\""},
      {"-0x1", "\"-0x1\""},
      {"0b1", "\"0b1\""},
      {"1_000", "\"1_000\""},
      {"1.0", "1.0"},
      {"1.", "1"},
      {".5", "0.5"},
      {"-.5", "-0.5"},
      {"+.5e3", "0.5e3"},
      {"1e3", "1e3"},
      {"1.E+3", "1E+3"},
      {"12e03", "12e03"},
      {".", "\".\""},
      {"1e", "\"1e\""},
      {"e1", "\"e1\""},
      {"1.2.3", "\"1.2.3\""},
      {"3.0.3", "\"3.0.3\""},
      {"--1", "\"--1\""},
      {"+", "\"+\""},
      {"12:30:45", "\"12:30:45\""},
      {"2026-01-31", "\"2026-01-31\""},
      {".inf.", "\".inf.\""},
      {"99999999999999999999", "99999999999999999999"},
  };
  for (const Case& c : cases) EXPECT_EQ(read(c.text), c.json) << c.text;
}

TEST(YamlReadTree, quoted_and_block_scalars_are_strings) {
  EXPECT_EQ(read("[\"1\", '2', \"true\", '', \"null\"]"), R"(["1","2","true","","null"])");
  EXPECT_EQ(read("a: |\n  1\nb: >-\n  true\n"), "{\"a\":\"1\n\",\"b\":\"true\"}");
}

TEST(YamlReadTree, core_tags_decide_and_must_fit) {
  EXPECT_EQ(read("[!!str 1, !!int \"1\", !!float 1, !!bool 'true', !!null '', ! 1]"),
            R"(["1",1,1,true,null,"1"])");
  EXPECT_EQ(read("!!map {a: !!seq []}"), R"({"a":[]})");
  for (const std::string_view text :
       {"!!int x", "!!int 1.5", "!!bool yes", "!!null 0", "!!float x",
        "!!binary aGk=", "!!timestamp 2026-01-31", "!!set {a}", "!local x", "!local [x]", "!local {x: y}",
        "{!local x: y}", "!!map []", "!!seq {}", "!!map x", "!!python/object:os.system x",
        "%TAG ! tag:evil.example:\n--- !x y"}) {
    EXPECT_EQ(read(text), "refused: unsupported-yaml") << text;
  }
}

TEST(YamlReadTree, keys_of_any_core_type_are_their_text) {
  EXPECT_EQ(read("{200: a, '404': b, true: c, ~: d, 1.0: e, 0x10: f, .inf: g, no: h}"),
            R"({"200":"a","404":"b","true":"c","~":"d","1.0":"e","0x10":"f",".inf":"g","no":"h"})");
}

TEST(YamlReadTree, positions_are_lines_and_bytes) {
  const auto tree = read_tree(
      "# caf\xC3\xA9\nname: x\n\"caf\xC3\xA9\": {d\xC3\xA9j\xC3\xA0: [1, \xE2\x82\xAC, last]}\n", "f.yaml");
  ASSERT_TRUE(tree) << to_text(tree.error());
  const Node& root = *(*tree)->root();
  const Node& name = *root.first_child;
  EXPECT_EQ(name.key_position, (SourcePosition{2, 1}));
  EXPECT_EQ(name.position, (SourcePosition{2, 7}));
  const Node& list = *name.next->first_child;
  EXPECT_EQ(name.next->position, (SourcePosition{3, 10}));
  EXPECT_EQ(list.key_position, (SourcePosition{3, 11}));
  EXPECT_EQ(list.position, (SourcePosition{3, 19}));
  const Node& last = *list.first_child->next->next;
  EXPECT_EQ(last.text, "last");
  EXPECT_EQ(last.position, (SourcePosition{3, 28}));
  EXPECT_EQ(last.pointer(), "/caf\xC3\xA9/d\xC3\xA9j\xC3\xA0/2");
}

TEST(YamlReadTree, aliases_are_copies) {
  EXPECT_EQ(read("a: &x {b: [1, 2]}\nc: *x\nd: *x\n"),
            R"({"a":{"b":[1,2]},"c":{"b":[1,2]},"d":{"b":[1,2]}})");
  EXPECT_EQ(read("[&x 1, *x, &x 2, *x]"), "[1,1,2,2]");
  EXPECT_EQ(read("&k key: *k"), R"({"key":"key"})");
  EXPECT_EQ(read("[&e , *e]"), "[null,null]");
}

TEST(YamlReadTree, refusals_say_what_and_where) {
  struct Case {
    std::string_view text;
    std::string_view diagnostic;  // its beginning
  };
  const Case cases[] = {
      {"", "f.yaml:1:1: error: the file is empty [invalid-yaml]"},
      {"# nothing\n", "f.yaml:1:1: error: the file is empty [invalid-yaml]"},
      {"a: 1\nb: 2\na: 3\n",
       "f.yaml:3:1: error: this key is repeated in its object; it stood first at 1:1 [duplicate-key]"},
      {"200: a\n\"200\": b\n",
       "f.yaml:2:1: error: this key is repeated in its object; it stood first at 1:1 [duplicate-key]"},
      {"b: 1\nb: 2\na: 1\na: 2\n",
       "f.yaml:2:1: error: this key is repeated in its object; it stood first at 1:1 [duplicate-key]"},
      {"a: &x {b: 1}\nc:\n  <<: *x\n", "f.yaml:3:3: error: merge keys (\"<<\") are not part of YAML 1.2"},
      {"a\n---\nb\n", "f.yaml:2:1: error: a second document begins here [unsupported-yaml]"},
      {"? [a]\n: b\n", "f.yaml:1:3: error: a key must be a scalar [unsupported-yaml]"},
      {"{[a]: b}", "f.yaml:1:2: error: a key must be a scalar [unsupported-yaml]"},
      {"[&k a, {*k : b}]", "f.yaml:1:9: error: an alias cannot be a key [unsupported-yaml]"},
      {"a: *nope",
       "f.yaml:1:4: error: this alias names an anchor that does not stand before it [invalid-yaml]"},
      {"a: &x [*x]", "f.yaml:1:8: error: this alias stands inside of what it names [unsupported-yaml]"},
      {"&x {a: {b: *x}}", "f.yaml:1:12: error: this alias stands inside of what it names [unsupported-yaml]"},
      {"a: .nan", "f.yaml:1:4: error: infinity and \"not a number\" are not JSON values [unsupported-yaml]"},
      {"a: -.INF", "f.yaml:1:4: error: infinity and \"not a number\" are not JSON values [unsupported-yaml]"},
      {"a:\n\t- b\n", "f.yaml:2:1: error: this is not YAML: found character that cannot start any token"},
      {"a: [1, 2\n", "f.yaml:2:1: error: this is not YAML: did not find expected ',' or ']'"},
      {"a: 'x\n", "f.yaml:2:1: error: this is not YAML: found unexpected end of stream"},
      {"a: b: c\n", "f.yaml:1:5: error: this is not YAML: mapping values are not allowed in this context"},
      {"a: \"\\q\"\n", "f.yaml:1:5: error: this is not YAML: found unknown escape character"},
      {"ab\xFF", "f.yaml:1:3: error: this is not YAML: invalid leading UTF-8 octet"},
      {"a: \x01", "f.yaml:1:4: error: this is not YAML: control characters are not allowed"},
      {"a: @b", "f.yaml:1:4: error: this is not YAML: found character that cannot start any token"},
  };
  for (const Case& c : cases) {
    const std::string said = refusal(c.text);
    EXPECT_EQ(said.substr(0, c.diagnostic.size()), c.diagnostic) << c.text;
  }
}

TEST(YamlReadTree, nul_and_utf16_are_refused) {
  using namespace std::string_view_literals;
  EXPECT_EQ(read("a: b\0c: d"sv), "refused: invalid-yaml");
  EXPECT_EQ(read("\xFF\xFE\x61\x00"sv), "refused: invalid-yaml");
}

TEST(YamlReadTree, byte_order_mark_is_skipped) {
  EXPECT_EQ(read("\xEF\xBB\xBFopenapi: x"), R"({"openapi":"x"})");
}

TEST(YamlReadTree, depth_is_bounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(refusal(nested(kDocumentDepthMax)), "accepted");
  EXPECT_EQ(read(nested(kDocumentDepthMax + 1)), "refused: document-too-large");
  // Aliases do not lead around it.
  const std::string half = nested(kDocumentDepthMax / 2);
  const std::string open(kDocumentDepthMax / 2 - 1, '[');
  const std::string close(kDocumentDepthMax / 2 - 1, ']');
  EXPECT_EQ(refusal("[&x " + half + ", " + open + "*x" + close + "]"), "accepted");
  EXPECT_EQ(read("[&x " + half + ", [" + open + "*x" + close + "]]"), "refused: document-too-large");
}

TEST(YamlReadTree, attack_billion_laughs_runs_into_the_alias_budget) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text.append(j == 0 ? "" : ", ").append(before);
    text += "]\n";
  }
  EXPECT_EQ(read(text), "refused: document-too-large");
}

TEST(YamlReadTree, alias_budget_holds_at_the_limit_and_not_past_it) {
  // Each alias makes 1 + 999 nodes.
  std::string text = "- &x [";
  for (int i = 0; i < 999; ++i) text.append(i == 0 ? "1" : ",1");
  text += "]\n";
  for (std::uint32_t i = 0; i < kYamlAliasNodesMax / 1000; ++i) text += "- *x\n";
  EXPECT_EQ(refusal(text), "accepted");
  EXPECT_EQ(read(text + "- *x\n"), "refused: document-too-large");
  EXPECT_EQ(read("- &y 1\n" + text + "- *y\n"), "refused: document-too-large");
}

TEST(YamlReadTree, numbers_are_bounded) {
  EXPECT_EQ(refusal(std::string(400, '9')), "accepted");
  EXPECT_EQ(read(std::string(401, '9')), "refused: document-too-large");
  EXPECT_EQ(refusal("1e400"), "accepted");
  EXPECT_EQ(refusal("1e-0400"), "accepted");
  EXPECT_EQ(read("1e401"), "refused: document-too-large");
  EXPECT_EQ(read("1e99999999999999999999"), "refused: document-too-large");
  EXPECT_EQ(read("0x10000000000000000"), "refused: document-too-large");
}

TEST(YamlReadTree, many_keys_are_told_apart_without_comparing_all_pairs) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "key" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(refusal(text), "accepted");
  EXPECT_EQ(read(text + "key777: 2\n"), "refused: duplicate-key");
}

TEST(YamlReadTree, numbers_answer_as_integers) {
  const auto tree = read_tree("[1.0, 0x10, 1e2, 1.5]", "f.yaml");
  ASSERT_TRUE(tree);
  const Node* node = (*tree)->root()->first_child;
  EXPECT_EQ(node->integer(), 1);
  EXPECT_EQ(node->next->integer(), 16);
  EXPECT_EQ(node->next->next->integer(), 100);
  EXPECT_EQ(node->next->next->next->integer(), std::nullopt);
}

}  // namespace
}  // namespace caponier::yaml
