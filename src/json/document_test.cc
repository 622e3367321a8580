#include "json/document.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

namespace caponier::json {
namespace {

using namespace std::string_view_literals;

// In memory of its own, so that a sanitizer sees whoever reads past the end.
std::unique_ptr<char[]> isolate(std::string_view text) {
  auto copy = std::make_unique<char[]>(text.size());
  std::memcpy(copy.get(), text.data(), text.size());
  return copy;
}

std::string_view refusal(std::string_view text, const JsonLimits& limits = {}) {
  Document document;
  const auto copy = isolate(text);
  const auto root = document.read({copy.get(), text.size()}, limits);
  return root ? "accepted"sv : name(root.error().error);
}

TEST(DocumentRead, tape_holds_kinds_values_positions_and_extents) {
  Document document;
  const std::string_view text = R"( {"a": [1, -2.5, true, null], "caf\u00e9": "x\ny", "": {}} )";
  const auto root = document.read(text, {});
  ASSERT_TRUE(root);
  EXPECT_TRUE(root->is(Kind::kObject));
  EXPECT_EQ(root->size(), 3U);
  EXPECT_EQ(root->offset(), 1U);
  EXPECT_EQ(root->node().end, 11U);
  const Value key = root->first_child();
  EXPECT_EQ(key.string(), "a");
  EXPECT_EQ(key.offset(), 3U);
  EXPECT_EQ(key.key_hash(), hash_key("a"));
  const Value list = key.next_sibling();
  EXPECT_TRUE(list.is(Kind::kArray));
  EXPECT_EQ(list.size(), 4U);
  Value item = list.first_child();
  EXPECT_EQ(item.integer(), 1);
  item = item.next_sibling();
  EXPECT_EQ(item.real(), -2.5);
  EXPECT_EQ(item.number_text(), "-2.5");
  item = item.next_sibling();
  EXPECT_TRUE(item.is(Kind::kBoolean) && item.boolean());
  item = item.next_sibling();
  EXPECT_TRUE(item.is(Kind::kNull));
  const Value second = list.next_sibling();
  EXPECT_EQ(second.string(), "caf\xC3\xA9");
  EXPECT_EQ(second.code_points(), 4U);
  EXPECT_EQ(second.key_hash(), hash_key("caf\xC3\xA9"));
  EXPECT_EQ(second.next_sibling().string(), "x\ny");
  EXPECT_EQ(root->find("")->size(), 0U);
}

TEST(DocumentRead, each_way_to_be_wrong_has_its_error_and_its_place) {
  struct Case {
    std::string_view text;
    std::string_view error;
    std::uint32_t offset;
  };
  const Case cases[] = {
      {"", "empty", 0},
      {" \n", "empty", 0},
      {"{", "truncated", 1},
      {"[1,", "truncated", 3},
      {"[1", "truncated", 2},
      {"{\"a\"", "truncated", 4},
      {"{\"a\":", "truncated", 5},
      {"{\"a\":1,", "truncated", 7},
      {"\"abc", "truncated", 4},
      {"\"\\", "truncated", 2},
      {"\"\\u12", "truncated", 5},
      {"\"\\ud800", "truncated", 7},
      {"\"\\ud800\\", "truncated", 8},
      {"\"\\ud800\\udc", "truncated", 11},
      {"tru", "truncated", 3},
      {"-", "truncated", 1},
      {"1.", "truncated", 2},
      {"1e", "truncated", 2},
      {"1e+", "truncated", 3},
      {"[1 2]", "syntax", 3},
      {"[1,]", "syntax", 3},
      {"{\"a\":1,}", "syntax", 7},
      {"{\"a\" 1}", "syntax", 5},
      {"{a:1}", "syntax", 1},
      {"{1:1}", "syntax", 1},
      {"[1}", "syntax", 2},
      {"{\"a\":1]", "syntax", 6},
      {"tRue", "syntax", 1},
      {"True", "syntax", 0},
      {"nul1", "syntax", 3},
      {"NaN", "syntax", 0},
      {"'a'", "syntax", 0},
      {"+1", "syntax", 0},
      {".5", "syntax", 0},
      {"01", "syntax", 1},
      {"-01", "syntax", 2},
      {"1.e1", "syntax", 2},
      {"-a", "syntax", 1},
      {"1e1.5", "trailing-bytes", 3},
      {"\"\\x41\"", "syntax", 1},
      {"\"\\u12g4\"", "syntax", 5},
      {"\"\\U0041\"", "syntax", 1},
      {"[\x01]", "syntax", 1},
      {"[\xA0]", "syntax", 1},
      {"// c\n1", "syntax", 0},
      {"1 2", "trailing-bytes", 2},
      {"{}}", "trailing-bytes", 2},
      {"null\0"sv, "trailing-bytes", 4},
      {"{\"a\":1,\"b\":2,\"a\":3}", "duplicate-key", 14},
      {"{\"a\":1,\"\\u0061\":2}", "duplicate-key", 8},
      {"{\"\":1,\"\":2}", "duplicate-key", 7},
      {"\xEF\xBB\xBF{}", "byte-order-mark", 0},
      {"\"a\x1F\"", "control-character", 2},
      {"\"a\0\""sv, "control-character", 2},
      {"\"\\n\n\"", "control-character", 3},
      {"\"\\ud800\"", "lone-surrogate", 1},
      {"\"\\ud800x\"", "lone-surrogate", 1},
      {"\"\\ud800\\n\"", "lone-surrogate", 1},
      {"\"a\\udc00\"", "lone-surrogate", 2},
      {"\"\\ud800\\ud800\"", "lone-surrogate", 1},
      {"\"\\ud800\\u0041\"", "lone-surrogate", 1},
      {"\"\xFF\"", "invalid-utf8", 1},
      {"\"\xC0\x80\"", "invalid-utf8", 1},
      {"\"\xED\xA0\x80\"", "invalid-utf8", 1},
      {"\"\xF4\x90\x80\x80\"", "invalid-utf8", 1},
      {"\"\xE2\x82\"", "invalid-utf8", 1},
      {"\"\\n\xE2\x82", "invalid-utf8", 3},
      {"\"\xF0\x82\x82\xAC\"", "invalid-utf8", 1},
      {"1e401", "number-range", 1},
      {"-1e309", "number-range", 0},
      {"1e-400", "number-range", 0},
  };
  for (const Case& c : cases) {
    // Also where vector loads reach: the same text behind and before something long.
    for (const std::size_t padding : {0U, 5U, 16U, 33U}) {
      std::string text(padding, c.text.starts_with("\xEF") ? '\0' : ' ');
      if (text.find('\0') != std::string::npos) text.clear();
      const auto shift = static_cast<std::uint32_t>(text.size());
      text += c.text;
      Document document;
      const auto copy = isolate(text);
      const auto root = document.read({copy.get(), text.size()}, {});
      ASSERT_FALSE(root) << text;
      EXPECT_EQ(name(root.error().error), c.error) << text;
      EXPECT_EQ(root.error().offset, c.error == "empty" ? 0 : c.offset + shift) << text;
      EXPECT_EQ(refusal(text + " \n"), c.error) << text;
    }
  }
}

TEST(DocumentRead, every_prefix_of_a_document_is_refused_as_truncated) {
  const std::string_view text =
      R"({"a":[1,-2.5e10,{"b":true,"c":null}],"d\u00e9\ud83d\ude00":"caf\u00e9 and some more than sixteen","e":""})";
  EXPECT_EQ(refusal(text), "accepted");
  EXPECT_EQ(refusal(text.substr(0, 0)), "empty");
  for (std::size_t size = 1; size < text.size(); ++size) {
    EXPECT_EQ(refusal(text.substr(0, size)), "truncated") << text.substr(0, size);
    EXPECT_NE(refusal(std::string(text.substr(0, size)) + "] "), "accepted") << text.substr(0, size);
  }
}

TEST(DocumentRead, limits_hold_at_the_limit_and_not_past_it) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(refusal(nested(4), {.depth_max = 4}), "accepted");
  EXPECT_EQ(refusal(nested(5), {.depth_max = 4}), "too-deep");
  EXPECT_EQ(refusal("1", {.depth_max = 0}), "accepted");
  EXPECT_EQ(refusal("[]", {.depth_max = 0}), "too-deep");
  EXPECT_EQ(refusal("[1,2,3]", {.nodes_max = 4}), "accepted");
  EXPECT_EQ(refusal("[1,2,3,4]", {.nodes_max = 4}), "too-many-nodes");
  EXPECT_EQ(refusal("{\"a\":1,\"b\":2}", {.nodes_max = 5}), "accepted");
  EXPECT_EQ(refusal("{\"a\":1,\"b\":2}", {.nodes_max = 4}), "too-many-nodes");
  EXPECT_EQ(refusal("{\"a\":[]}", {.nodes_max = 2}), "too-many-nodes");
  EXPECT_EQ(refusal("1", {.nodes_max = 0}), "too-many-nodes");
  EXPECT_EQ(refusal("[1,2]", {.bytes_max = 5}), "accepted");
  EXPECT_EQ(refusal("[1,2]", {.bytes_max = 4}), "too-large");
}

TEST(DocumentRead, a_warm_document_keeps_to_smaller_limits) {
  Document document;
  std::string many = "[0";
  for (int i = 0; i < 2000; ++i) many += ",0";
  many += "]";
  ASSERT_TRUE(document.read(many, {}));
  EXPECT_FALSE(document.read("[1,2,3]", {.nodes_max = 3}));
  EXPECT_FALSE(document.read("[[[]]]", {.depth_max = 2}));
  EXPECT_TRUE(document.read("[1,2]", {.nodes_max = 3}));
}

TEST(DocumentRead, a_warm_document_shows_nothing_of_earlier_ones) {
  Document document;
  ASSERT_TRUE(document.read("[true, 7, \"\xC3\xA9\", {\"k\": 1}]", {}));
  const auto root = document.read(R"(["a","b",[],null,{},1.5])", {});
  ASSERT_TRUE(root);
  Value value = root->first_child();
  for (std::uint32_t i = 0; i < root->size(); ++i, value = value.next_sibling()) {
    EXPECT_FALSE(value.node().boolean);
    EXPECT_FALSE(value.node().is_integer());
  }
}

TEST(DocumentRead, strings_of_every_length_and_kind_at_every_place) {
  Document document;
  for (const std::string_view unit : {"a"sv, "\xC3\xA9"sv, "\xE2\x82\xAC"sv, "\xF0\x9F\x98\x80"sv}) {
    for (std::size_t count = 0; count < 70; ++count) {
      std::string content;
      for (std::size_t i = 0; i < count; ++i) content += unit;
      for (const bool escaped : {false, true}) {
        const std::string text =
            "[\"" + content + (escaped ? "\\t" : "") + content + "\",\"" + content + "\"]";
        const auto root = document.read(text, {});
        ASSERT_TRUE(root) << text;
        const Value first = root->first_child();
        EXPECT_EQ(first.string(), content + (escaped ? "\t" : "") + content);
        EXPECT_EQ(first.code_points(), 2 * count + (escaped ? 1 : 0));
        EXPECT_EQ(first.next_sibling().string(), content);
        EXPECT_EQ(first.next_sibling().code_points(), count);
      }
    }
  }
}

TEST(DocumentRead, escapes_are_decoded) {
  Document document;
  const auto root =
      document.read(R"("\"\\\/\b\f\n\r\t\u0000\u007f\u0080\u07ff\u0800\uffff\ud800\udc00\uDBFF\uDFFF")", {});
  ASSERT_TRUE(root);
  EXPECT_EQ(
      root->string(),
      "\"\\/\b\f\n\r\t\0\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"sv);
  EXPECT_EQ(root->code_points(), 16U);
}

TEST(DocumentRead, whitespace_is_skipped_in_runs_of_any_length) {
  Document document;
  for (std::size_t length = 0; length < 50; ++length) {
    for (const char c : {' ', '\n', '\t', '\r'}) {
      const std::string space(length, c);
      const std::string text = space + "{" + space + "\"a\"" + space + ":" + space + "[" + space + "1" +
                               space + "," + space + "2" + space + "]" + space + "}" + space;
      const auto root = document.read(text, {});
      ASSERT_TRUE(root) << text;
      EXPECT_EQ(root->find("a")->size(), 2U);
    }
  }
}

TEST(DocumentRead, duplicate_keys_are_found_in_objects_of_every_size) {
  for (const int size : {1, 2, 15, 16, 17, 31, 32, 33, 34, 100, 5000}) {
    std::string text = "{";
    for (int i = 0; i < size; ++i) text += "\"member_number_" + std::to_string(i) + "\":{\"a\":1},";
    EXPECT_EQ(refusal(text + "\"b\":0}"), "accepted") << size;
    for (const int again : {0, size / 2, size - 1}) {
      Document document;
      const std::string key = "member_number_" + std::to_string(again) + "\"";
      const auto root = document.read(text + "\"" + key + ":0}", {});
      ASSERT_FALSE(root) << size;
      EXPECT_EQ(root.error().error, ReadError::kDuplicateKey);
      EXPECT_EQ(root.error().first_offset, text.find(key));
      EXPECT_EQ(root.error().offset, text.size() + 1);
    }
  }
}

TEST(DocumentRead, same_key_in_nested_and_sibling_objects_is_no_duplicate) {
  EXPECT_EQ(refusal(R"([{"a":{"a":{"a":1}}},{"a":1},{"a":1}])"), "accepted");
}

TEST(Document, hash_does_not_depend_on_where_the_key_stands) {
  Document document;
  std::string key;
  for (int length = 0; length < 40; ++length, key += static_cast<char>('a' + length % 26)) {
    for (const std::string_view tail : {""sv, "                                "sv}) {
      const std::string text = "{\"" + key + "\":1}" + std::string(tail);
      const auto root = document.read(text, {});
      ASSERT_TRUE(root);
      EXPECT_EQ(root->first_child().key_hash(), hash_key(key));
      ASSERT_TRUE(root->find(key));
      EXPECT_FALSE(root->find(key + "x"));
    }
  }
}

TEST(Document, find_sees_members_of_this_object_only) {
  Document document;
  const auto root = document.read(R"({"a":{"x":1},"b":[{"y":2}],"c":3})", {});
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("c")->integer(), 3);
  EXPECT_FALSE(root->find("x"));
  EXPECT_FALSE(root->find("y"));
  EXPECT_FALSE(root->find("c")->find("c"));
  EXPECT_EQ(root->find("a")->find("x")->integer(), 1);
}

// Reading and building must agree in everything but offsets.
void expect_same(Value built, Value read) {
  ASSERT_EQ(built.kind(), read.kind());
  EXPECT_EQ(built.index(), read.index());
  EXPECT_EQ(built.node().end, read.node().end);
  EXPECT_EQ(built.size(), read.size());
  EXPECT_EQ(built.node().boolean, read.node().boolean);
  EXPECT_EQ(built.is_integer(), read.is_integer());
  if (read.is(Kind::kNumber)) {
    EXPECT_EQ(built.number_text(), read.number_text());
    EXPECT_EQ(built.real(), read.real());
  }
  if (read.is(Kind::kString)) {
    EXPECT_EQ(built.string(), read.string());
    EXPECT_EQ(built.code_points(), read.code_points());
    EXPECT_EQ(built.key_hash(), read.key_hash());
  }
}

TEST(Document, building_gives_the_tape_that_reading_gives) {
  Document built;
  for (int round = 0; round < 3; ++round) {
    built.clear();
    built.begin_object();
    built.add_key("numbers");
    built.begin_array();
    for (const std::string_view number :
         {"0", "-12", "1.0", "1e2", "2.5", "123456789012345678901234567890"}) {
      EXPECT_TRUE(built.add_number(number));
    }
    for (const std::string_view other : {"", "01", "1 ", " 1", "x", "1e999", "0x1", "--1", "1,2"}) {
      EXPECT_FALSE(built.add_number(other)) << other;
    }
    built.end_array();
    built.add_key("caf\xC3\xA9");
    built.add_string("\xE2\x82\xAC and a rather long text that is copied");
    built.add_key("nested");
    built.begin_object();
    built.add_key("");
    built.add_string("");
    built.add_key("yes");
    built.add_boolean(true);
    built.add_key("nothing");
    built.add_null();
    built.add_key("none");
    built.begin_array();
    built.end_array();
    built.end_object();
    built.end_object();

    Document read;
    const auto root = read.read(R"({"numbers":[0,-12,1.0,1e2,2.5,123456789012345678901234567890],)"
                                "\"caf\xC3\xA9\":\"\xE2\x82\xAC and a rather long text that is copied\","
                                R"("nested":{"":"","yes":true,"nothing":null,"none":[]}})",
                                {});
    ASSERT_TRUE(root);
    ASSERT_EQ(built.root().node().end, root->node().end);
    for (std::uint32_t i = 0; i < root->node().end; ++i) expect_same(Value(&built, i), Value(&read, i));
  }
}

TEST(Document, many_built_values_stay_where_they_are) {
  Document document;
  document.clear();
  document.begin_array();
  for (int i = 0; i < 5000; ++i) document.add_string("text number " + std::to_string(i));
  document.end_array();
  Value value = document.root().first_child();
  for (int i = 0; i < 5000; ++i, value = value.next_sibling()) {
    ASSERT_EQ(value.string(), "text number " + std::to_string(i));
  }
}

TEST(Document, reading_and_building_take_turns) {
  Document document;
  for (int i = 0; i < 3; ++i) {
    document.clear();
    for (int depth = 0; depth < 100; ++depth) document.begin_array();
    for (int depth = 0; depth < 100; ++depth) document.end_array();
    EXPECT_EQ(document.root().node().end, 100U);
    const auto root = document.read(R"({"a":{"a":[1]}})", {});
    ASSERT_TRUE(root);
    EXPECT_EQ(root->find("a")->find("a")->first_child().number_text(), "1");
    document.trim();
  }
}

}  // namespace
}  // namespace caponier::json
