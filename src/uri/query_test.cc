#include <gtest/gtest.h>

#include "uri/path.h"

namespace caponier::uri {
namespace {

using namespace std::string_view_literals;

struct Pair {
  std::string_view name;
  std::string_view value;
  std::string_view value_raw;
  bool has_equals;
};

std::string_view refusal(std::string_view raw) {
  Arena arena;
  const auto pairs = parse_query(raw, arena, 100);
  return pairs ? "accepted"sv : name(pairs.error());
}

TEST(ParseQuery, pairs_are_decoded_once_and_keep_what_was_received) {
  struct Case {
    std::string_view raw;
    std::vector<Pair> pairs;
  };
  const Case cases[] = {
      {"", {}},
      {"&&", {}},
      {"a=1&b=2", {{"a", "1", "1", true}, {"b", "2", "2", true}}},
      {"a=1&&b=2&", {{"a", "1", "1", true}, {"b", "2", "2", true}}},
      {"flag", {{"flag", "", "", false}}},
      {"flag=", {{"flag", "", "", true}}},
      {"=x", {{"", "x", "x", true}}},
      {"a=b=c", {{"a", "b=c", "b=c", true}}},
      {"q=a+b%2Bc%20d", {{"q", "a b+c d", "a+b%2Bc%20d", true}}},
      {"na%6De=x", {{"name", "x", "x", true}}},
      {"ids=1,2%2C3", {{"ids", "1,2,3", "1,2%2C3", true}}},
      {"filter[name]=x", {{"filter[name]", "x", "x", true}}},
      {"u=/a?b", {{"u", "/a?b", "/a?b", true}}},
      {"a%26b=c%3Dd", {{"a&b", "c=d", "c%3Dd", true}}},
      {"a=%252e", {{"a", "%2e", "%252e", true}}},
      {"a=%3Bb", {{"a", ";b", "%3Bb", true}}},
      {"caf%C3%A9=1", {{"caf\xC3\xA9", "1", "1", true}}},
  };
  for (const Case& c : cases) {
    Arena arena;
    const auto pairs = parse_query(c.raw, arena, 100);
    ASSERT_TRUE(pairs) << c.raw;
    ASSERT_EQ(pairs->size(), c.pairs.size()) << c.raw;
    for (std::size_t i = 0; i < c.pairs.size(); ++i) {
      const QueryPair& pair = (*pairs)[i];
      EXPECT_EQ(pair.name, c.pairs[i].name) << c.raw;
      EXPECT_EQ(pair.value, c.pairs[i].value) << c.raw;
      EXPECT_EQ(pair.value_raw, c.pairs[i].value_raw) << c.raw;
      EXPECT_EQ(pair.has_equals, c.pairs[i].has_equals) << c.raw;
    }
  }
}

TEST(ParseQuery, a_bare_semicolon_in_a_value_is_told) {
  Arena arena;
  const auto pairs = parse_query("a=1;b=2&c=3%3B", arena, 10);
  ASSERT_TRUE(pairs.ok());
  EXPECT_TRUE((*pairs)[0].has_semicolon);
  EXPECT_FALSE((*pairs)[1].has_semicolon);
}

TEST(ParseQuery, attacks_are_refused) {
  struct Case {
    std::string_view raw;
    std::string_view refusal;
  };
  const Case cases[] = {
      {"a;b=1", "forbidden-character"},
      {"a=%", "bad-escape"},
      {"%2=1", "bad-escape"},
      {"a=%zz", "bad-escape"},
      {"a=%00", "control-character"},
      {"a%0d%0ab=1", "control-character"},
      {"a=\x01", "control-character"},
      {"a=%7F", "control-character"},
      {"a=%C0%AF", "invalid-utf8"},
      {"%ff=1", "invalid-utf8"},
      {"a=%ED%A0%80", "invalid-utf8"},
      {"a=\xC3\xA9", "forbidden-character"},
      {"a=b c", "forbidden-character"},
      {"a=<x>", "forbidden-character"},
      {"a=\"x\"", "forbidden-character"},
      {"a=b#c", "forbidden-character"},
      {"a=\\", "forbidden-character"},
      {"a={}", "forbidden-character"},
      {"a=b|c", "forbidden-character"},
      {"a=^`", "forbidden-character"},
  };
  for (const Case& c : cases) EXPECT_EQ(refusal(c.raw), c.refusal) << c.raw;
}

TEST(ParseQuery, pairs_are_bounded_and_empty_ones_do_not_count) {
  Arena arena;
  EXPECT_TRUE(parse_query("a&b&&c&", arena, 3));
  const auto refused = parse_query("a&b&c&d", arena, 3);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), QueryError::kTooMany);
}

}  // namespace
}  // namespace caponier::uri
