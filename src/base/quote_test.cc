#include "base/quote.h"

#include <gtest/gtest.h>

namespace caponier {
namespace {

TEST(Quote, text_up_to_the_limit_is_shown_whole_and_one_more_byte_is_cut) {
  EXPECT_EQ(quote("orders"), "\"orders\"");
  EXPECT_EQ(quote(std::string(120, 'a')), '"' + std::string(120, 'a') + '"');
  EXPECT_EQ(quote(std::string(121, 'a')), '"' + std::string(120, 'a') + "...\"");
}

TEST(Quote, a_cut_never_splits_a_character) {
  EXPECT_EQ(quote(std::string(119, 'a') + "\xC3\xA9"), '"' + std::string(119, 'a') + "...\"");
}

TEST(Quote, control_characters_cannot_reach_a_terminal) {
  EXPECT_EQ(quote("a\x1B[31m\nb\x7F"), "\"a?[31m?b?\"");
}

}  // namespace
}  // namespace caponier
