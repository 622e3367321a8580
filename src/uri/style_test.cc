#include "uri/style.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace caponier::uri {
namespace {

constexpr std::string_view kNothing = "nothing";

std::string text_of(const StyledText& text) {
  Arena arena;
  const auto whole = read_text(text, arena);
  return std::string(whole.value_or(kNothing));
}

std::string items_of(const StyledText& text) {
  Arena arena;
  const auto items = read_items(text, arena);
  if (!items) return std::string(kNothing);
  std::string out;
  for (const std::string_view item : *items) out.append("<").append(item).append(">");
  return out;
}

std::string members_of(const StyledText& text) {
  Arena arena;
  const auto members = read_members(text, arena);
  if (!members) return std::string(kNothing);
  std::string out;
  for (const Member& member : *members)
    out.append("<").append(member.name).append("=").append(member.value).append(">");
  return out;
}

TEST(Style, every_style_reads_what_it_writes) {
  struct Case {
    Style style;
    bool explode;
    std::string_view text, items, members;
  };
  for (const Case& c : {
           Case{Style::kSimple, false, "a", "a,b", "x,1,y,2"},
           Case{Style::kSimple, true, "a", "a,b", "x=1,y=2"},
           Case{Style::kLabel, false, ".a", ".a,b", ".x,1,y,2"},
           Case{Style::kLabel, true, ".a", ".a.b", ".x=1.y=2"},
           Case{Style::kMatrix, false, ";n=a", ";n=a,b", ";n=x,1,y,2"},
           Case{Style::kMatrix, true, ";n=a", ";n=a;n=b", ";x=1;y=2"},
           Case{Style::kForm, false, "a", "a,b", "x,1,y,2"},
           Case{Style::kSpace, false, "a", "a%20b", "x%201%20y%202"},
           Case{Style::kPipe, false, "a", "a|b", "x%7C1%7cy|2"},
       }) {
    const auto styled = [&c](std::string_view raw) {
      return StyledText{raw, c.style, c.explode, Escapes::kPercent, "n"};
    };
    EXPECT_EQ(text_of(styled(c.text)), "a") << c.text;
    EXPECT_EQ(items_of(styled(c.items)), "<a><b>") << c.items;
    EXPECT_EQ(members_of(styled(c.members)), "<x=1><y=2>") << c.members;
  }
}

TEST(Style, an_encoded_delimiter_belongs_to_the_value) {
  EXPECT_EQ(items_of({"a%2Cb,c", Style::kSimple}), "<a,b><c>");
  EXPECT_EQ(items_of({";n=a%3Bb;n=c", Style::kMatrix, true, Escapes::kPercent, "n"}), "<a;b><c>");
  EXPECT_EQ(members_of({"a%3D=%2C", Style::kSimple, true}), "<a==,>");
  EXPECT_EQ(items_of({"a+b", Style::kSpace, false, Escapes::kForm}), "<a><b>");
  EXPECT_EQ(items_of({"a+b", Style::kSpace, false, Escapes::kPercent}), "<a+b>");
}

TEST(Style, what_is_written_otherwise_is_nothing) {
  EXPECT_EQ(text_of({"a", Style::kLabel}), kNothing);
  EXPECT_EQ(text_of({";m=a", Style::kMatrix, false, Escapes::kPercent, "n"}), kNothing);
  EXPECT_EQ(items_of({";n=a;m=b", Style::kMatrix, true, Escapes::kPercent, "n"}), kNothing);
  // Behind a bare semicolon others read another parameter.
  EXPECT_EQ(text_of({";n=1;admin=true", Style::kMatrix, false, Escapes::kPercent, "n"}), kNothing);
  EXPECT_EQ(items_of({";n=a,b;m=c", Style::kMatrix, false, Escapes::kPercent, "n"}), kNothing);
  EXPECT_EQ(items_of({std::string(kPiecesMax, ','), Style::kSimple}), kNothing);
  EXPECT_NE(items_of({std::string(kPiecesMax - 1, ','), Style::kSimple}), kNothing);
  EXPECT_EQ(members_of({"x,1,y", Style::kSimple}), kNothing);
  EXPECT_EQ(members_of({"x=1,y", Style::kSimple, true}), kNothing);
  EXPECT_EQ(text_of({"%", Style::kSimple}), kNothing);
  EXPECT_EQ(text_of({"%zz", Style::kSimple}), kNothing);
  EXPECT_EQ(text_of({"%0a", Style::kSimple}), kNothing);
  EXPECT_EQ(text_of({"%ff", Style::kSimple}), kNothing);
  EXPECT_EQ(text_of({"%0a", Style::kForm, false, Escapes::kFormBody}), "\n");
  EXPECT_EQ(text_of({"%00", Style::kForm, false, Escapes::kFormBody}), kNothing);
}

TEST(Style, header_values_have_no_escapes_and_blanks_between_them) {
  EXPECT_EQ(text_of({"50%", Style::kSimple, false, Escapes::kNone}), "50%");
  EXPECT_EQ(items_of({"a , b,%41", Style::kSimple, false, Escapes::kNone}), "<a><b><%41>");
}

TEST(Brackets, name_keys_up_to_their_bound) {
  Arena arena;
  const auto keys = read_brackets("[a][b c]", 2, arena);
  ASSERT_TRUE(keys);
  EXPECT_THAT(*keys, testing::ElementsAre("a", "b c"));
  EXPECT_FALSE(read_brackets("[a][b][c]", 2, arena));
  for (const std::string_view bad :
       {"", "a", "[", "[]", "[a", "[a]b", "[a]]", "[[a]]", "a[b]", "[a][", "]["}) {
    EXPECT_FALSE(read_brackets(bad, 9, arena)) << bad;
  }
}

TEST(Form, pairs_are_read_up_to_their_bound_and_strictly) {
  Arena arena;
  const auto pairs = read_form("a=1&b=x+y%0D%0A&&c&a%5Bk%5D=%26", 4, arena);
  ASSERT_TRUE(pairs);
  ASSERT_EQ(pairs->size(), 4U);
  EXPECT_EQ((*pairs)[1].value, "x y\r\n");
  EXPECT_EQ((*pairs)[2].name, "c");
  EXPECT_EQ((*pairs)[3].name, "a[k]");
  EXPECT_EQ((*pairs)[3].raw, "%26");
  EXPECT_FALSE(read_form("a=1&b=2&c=3&d=4&e=5", 4, arena));
  for (const std::string_view bad :
       {"a=1;b=2", "a=\xc3\xa9", "a= b", "a=1\n", "a=%", "a=%00", "%0A=1", "a=%ff"}) {
    EXPECT_FALSE(read_form(bad, 9, arena)) << bad;
  }
  EXPECT_TRUE(read_form("", 9, arena)->empty());
}

}  // namespace
}  // namespace caponier::uri
