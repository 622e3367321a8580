#include "base/texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caponier {
namespace {

using testing::ElementsAre;

TEST(Texts, are_read_as_they_were_written) {
  EXPECT_TRUE(Texts().empty());
  EXPECT_EQ(Texts().size(), 0U);
  EXPECT_FALSE(Texts().contains(""));
  std::string packed;
  // Around each length that takes a byte more.
  const std::string texts[] = {
      "a", "", std::string(127, 'b'), std::string(128, 'c'), std::string(20'000, 'd'), std::string("\0e", 2)};
  for (const std::string& text : texts) Texts::append(packed, text);
  const Texts list(packed);
  EXPECT_THAT(list, ElementsAre(texts[0], texts[1], texts[2], texts[3], texts[4], texts[5]));
  EXPECT_EQ(list.size(), 6U);
  EXPECT_EQ(list.front(), "a");
  for (const std::string& text : texts) EXPECT_TRUE(list.contains(text)) << text.size();
  EXPECT_FALSE(list.contains("b"));
}

TEST(Words, are_divided_by_one_space_whatever_stood_between_them) {
  std::string words;
  append_words(words, "");
  append_words(words, "  ");
  EXPECT_EQ(words, "");
  append_words(words, " a  bc ");
  append_words(words, "d");
  EXPECT_EQ(words, "a bc d");
}

TEST(Words, are_found_whole) {
  for (const char* word : {"orders:read", "orders", "read"})
    EXPECT_TRUE(has_word("orders:read orders read", word)) << word;
  for (const char* word : {"orders:", "rder", "orders:read orders:", "", " ", "reads", "o"})
    EXPECT_FALSE(has_word("orders:read orders read", word)) << word;
  EXPECT_FALSE(has_word("a b c", "b c"));
  EXPECT_TRUE(has_word("aab ab", "ab"));
  EXPECT_FALSE(has_word("", "a"));
}

}  // namespace
}  // namespace caponier
