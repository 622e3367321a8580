#include "base/release.h"

#include <gtest/gtest.h>

#include <string>

namespace caponier {
namespace {

TEST(Release, gives_the_memory_of_a_text_back) {
  std::string text(100'000, 'x');
  release(text);
  EXPECT_EQ(text, "");
  EXPECT_EQ(text.capacity(), std::string().capacity());
}

}  // namespace
}  // namespace caponier
