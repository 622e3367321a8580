#include "base/recent_texts.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace caponier {
namespace {

TEST(RecentTexts, a_short_text_that_comes_again_is_kept_once) {
  Tree tree("f");
  RecentTexts texts(tree);
  const std::string source = "description";
  const std::string_view first = texts.keep(source);
  const std::string_view second = texts.keep(std::string("descrip") + "tion");
  EXPECT_EQ(first, "description");
  EXPECT_EQ(first.data(), second.data());
  EXPECT_NE(first.data(), source.data());
}

TEST(RecentTexts, every_text_stays_what_it_was) {
  Tree tree("f");
  RecentTexts texts(tree);
  std::vector<std::string_view> kept;
  const auto text_of = [](int i) {
    return std::string(static_cast<std::size_t>(i % 70), 'x') + std::to_string(i);
  };
  for (int i = 0; i < 20'000; ++i) kept.push_back(texts.keep(text_of(i)));
  for (int i = 0; i < 20'000; ++i) EXPECT_EQ(kept[static_cast<std::size_t>(i)], text_of(i));
  EXPECT_EQ(texts.keep(""), "");
}

}  // namespace
}  // namespace caponier
