#include "uri/path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace caponier::uri {
namespace {

using ::testing::ElementsAre;
using namespace std::string_view_literals;

std::string_view refusal(std::string_view raw) {
  Arena arena;
  const auto path = normalize_path(raw, arena);
  return path ? "accepted"sv : name(path.error());
}

TEST(NormalizePath, plain_path_is_its_own_canonical_form_and_is_not_copied) {
  Arena arena;
  const std::string_view raw = "/orders/42/items";
  const auto path = normalize_path(raw, arena);
  ASSERT_TRUE(path);
  EXPECT_THAT(path->segments, ElementsAre("orders", "42", "items"));
  EXPECT_EQ(path->canonical.data(), raw.data());
  EXPECT_EQ(path->segments[0].data(), raw.data() + 1);
}

TEST(NormalizePath, spellings_of_one_path_have_one_canonical_form) {
  struct Case {
    std::string_view raw;
    std::vector<std::string_view> segments;
    std::string_view canonical;
  };
  const Case cases[] = {
      {"/", {""}, "/"},
      {"/a/", {"a", ""}, "/a/"},
      {"/%61%2Db", {"a-b"}, "/a-b"},
      {"/%41/%7euser/%7Euser", {"A", "~user", "~user"}, "/A/~user/~user"},
      {"/caf%c3%a9", {"caf\xC3\xA9"}, "/caf%C3%A9"},
      {"/a%20b", {"a b"}, "/a%20b"},
      {"/a+b", {"a+b"}, "/a+b"},
      {"/%7Bid%7D", {"{id}"}, "/%7Bid%7D"},
      {"/a%3Fb%23c", {"a?b#c"}, "/a%3Fb%23c"},
      {"/!$&'()*+,=:@-._~", {"!$&'()*+,=:@-._~"}, "/!$&'()*+,=:@-._~"},
      {"/...", {"..."}, "/..."},
      {"/.well-known/x", {".well-known", "x"}, "/.well-known/x"},
      {"/..a/b..", {"..a", "b.."}, "/..a/b.."},
      {"/%F0%9F%98%80", {"\xF0\x9F\x98\x80"}, "/%F0%9F%98%80"},
  };
  for (const Case& c : cases) {
    Arena arena;
    const auto path = normalize_path(c.raw, arena);
    ASSERT_TRUE(path) << c.raw;
    EXPECT_THAT(path->segments, ::testing::ElementsAreArray(c.segments)) << c.raw;
    EXPECT_EQ(path->canonical, c.canonical) << c.raw;
  }
}

TEST(NormalizePath, attack_double_encoding_stays_a_literal_percent) {
  for (const std::string_view raw : {"/%252e%252e/admin"sv, "/%252f"sv, "/%2500"sv}) {
    Arena arena;
    const auto path = normalize_path(raw, arena);
    ASSERT_TRUE(path) << raw;
    EXPECT_EQ(path->canonical, raw);
    EXPECT_EQ(path->segments[0][0], '%');
  }
}

TEST(NormalizePath, attacks_are_refused) {
  struct Case {
    const char* attack;
    std::string_view raw;
    std::string_view refusal;
  };
  const Case cases[] = {
      {"no leading slash", "admin", "not-absolute"},
      {"empty", "", "not-absolute"},
      {"absolute form", "http://h/", "not-absolute"},
      {"asterisk form", "*", "not-absolute"},
      {"double slash", "//admin", "empty-segment"},
      {"double slash inside", "/a//b", "empty-segment"},
      {"two trailing slashes", "/a//", "empty-segment"},
      {"only slashes", "//", "empty-segment"},
      {"dot", "/./admin", "dot-segment"},
      {"dot at the end", "/a/.", "dot-segment"},
      {"dot dot", "/a/../admin", "dot-segment"},
      {"dot dot at the end", "/a/..", "dot-segment"},
      {"encoded dot dot", "/a/%2e%2e/admin", "dot-segment"},
      {"half-encoded dot dot", "/a/.%2E/admin", "dot-segment"},
      {"half-encoded dot dot, the other half", "/a/%2e./admin", "dot-segment"},
      {"encoded dot", "/a/%2E/admin", "dot-segment"},
      {"encoded slash", "/a%2Fb", "encoded-slash"},
      {"encoded slash, lower case", "/..%2fadmin", "encoded-slash"},
      {"encoded backslash", "/a%5cb", "encoded-slash"},
      {"backslash", "/a\\..\\admin", "backslash"},
      {"path parameter", "/admin;x=1", "parameter"},
      {"dot dot with path parameter", "/a/..;/admin", "parameter"},
      {"encoded semicolon", "/admin%3bx", "parameter"},
      {"encoded NUL", "/admin%00.json", "control-character"},
      {"bare NUL", "/admin\0"sv, "control-character"},
      {"encoded line feed", "/a%0aX-Header:%20b", "control-character"},
      {"encoded carriage return", "/a%0D", "control-character"},
      {"bare tab", "/a\tb", "control-character"},
      {"encoded DEL", "/a%7f", "control-character"},
      {"bare DEL", "/a\x7F", "control-character"},
      {"overlong slash", "/a%C0%AFb", "invalid-utf8"},
      {"overlong dot, three bytes", "/%E0%80%AE", "invalid-utf8"},
      {"overlong NUL", "/%C0%80", "invalid-utf8"},
      {"surrogate", "/%ED%A0%80", "invalid-utf8"},
      {"beyond Unicode", "/%F4%90%80%80", "invalid-utf8"},
      {"lone continuation byte", "/%80", "invalid-utf8"},
      {"Latin-1", "/caf%E9", "invalid-utf8"},
      {"raw UTF-8", "/caf\xC3\xA9", "forbidden-character"},
      {"raw high byte", "/\xFF", "forbidden-character"},
      {"percent at the end", "/a%", "bad-escape"},
      {"one digit", "/a%2", "bad-escape"},
      {"escape split by a slash", "/a%2/e", "bad-escape"},
      {"no digits", "/a%zz", "bad-escape"},
      {"IIS unicode escape", "/%u002e", "bad-escape"},
      {"sign as a digit", "/%+2", "bad-escape"},
      {"space", "/a b", "forbidden-character"},
      {"quote", "/\"", "forbidden-character"},
      {"angle bracket", "/<script>", "forbidden-character"},
      {"caret", "/^", "forbidden-character"},
      {"backtick", "/`id`", "forbidden-character"},
      {"braces", "/{id}", "forbidden-character"},
      {"bar", "/|", "forbidden-character"},
      {"fragment", "/a#b", "forbidden-character"},
      {"query", "/a?b", "forbidden-character"},
      {"brackets", "/a[0]", "forbidden-character"},
  };
  for (const Case& c : cases) EXPECT_EQ(refusal(c.raw), c.refusal) << c.attack;
}

TEST(NormalizePath, segments_are_bounded) {
  std::string path;
  for (std::uint32_t i = 0; i < kPathSegmentsMax; ++i) path += "/a";
  EXPECT_EQ(refusal(path), "accepted");
  EXPECT_EQ(refusal(path + "/"), "too-many-segments");
}

TEST(NormalizePath, every_byte_is_judged_alike_bare_and_escaped_or_refused) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string escaped = "/x";
    append_encoded(escaped, std::string(1, static_cast<char>(byte)));
    const std::string bare = std::string("/x") + static_cast<char>(byte);
    Arena arena;
    const auto from_bare = normalize_path(bare, arena);
    const auto from_escaped = normalize_path(escaped, arena);
    if (!from_bare || byte == '/' || byte == '%') continue;
    ASSERT_TRUE(from_escaped) << byte;
    EXPECT_EQ(from_bare->canonical, from_escaped->canonical) << byte;
  }
}

TEST(AppendEncoded, only_unreserved_characters_stand_for_themselves) {
  std::string out;
  append_encoded(out, "aZ09-._~ /?%&=+\xC3\xA9");
  EXPECT_EQ(out, "aZ09-._~%20%2F%3F%25%26%3D%2B%C3%A9");
}

TEST(Decode, is_strict_and_leaves_plus_alone) {
  EXPECT_EQ(decode("a%20b+c"), "a b+c");
  EXPECT_EQ(decode("%00"), std::string(1, '\0'));
  EXPECT_EQ(decode(""), "");
  for (const std::string_view bad : {"%", "%2", "%g0", "a%"}) EXPECT_EQ(decode(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace caponier::uri
