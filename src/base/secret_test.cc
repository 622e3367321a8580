#include "base/secret.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace caponier {
namespace {

TEST(Secret, wipe_clears_the_whole_capacity) {
  std::string text = "a secret that does not fit into the small buffer of a string";
  const char* const bytes = text.data();
  const std::size_t size = text.size();
  text.resize(3);  // the rest is past the end, and must go as well
  wipe(text);
  EXPECT_TRUE(text.empty());
  for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(bytes[i], '\0');
}

TEST(Secret, a_move_leaves_nothing_behind) {
  Secret from("short");
  const char* const bytes = from.reveal().data();
  const Secret to(std::move(from));
  EXPECT_EQ(to.reveal(), "short");
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(bytes[i], '\0');
  Secret third("other");
  third = Secret("third");
  EXPECT_EQ(third.reveal(), "third");
}

TEST(Secret, it_can_be_neither_copied_nor_printed_nor_converted) {
  static_assert(!std::is_copy_constructible_v<Secret>);
  static_assert(!std::is_copy_assignable_v<Secret>);
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  EXPECT_TRUE(Secret().empty());
}

}  // namespace
}  // namespace caponier
