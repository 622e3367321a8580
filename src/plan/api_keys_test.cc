#include "plan/api_keys.h"

#include <gtest/gtest.h>

namespace caponier::plan {
namespace {

ApiKey key(std::string id, std::uint8_t first, std::uint8_t last) {
  ApiKey out;
  out.id = std::move(id);
  out.digest[0] = first;
  out.digest[31] = last;
  return out;
}

TEST(ApiKeyIndex, a_key_is_found_by_its_whole_digest) {
  const ApiKeyIndex index({key("a", 1, 1), key("b", 1, 2), key("c", 2, 1)});
  EXPECT_EQ(index.size(), 3U);
  EXPECT_EQ(index.find(key("", 1, 2).digest)->id, "b");
  EXPECT_EQ(index.find(key("", 2, 1).digest)->id, "c");
  EXPECT_EQ(index.find(key("", 2, 2).digest), nullptr);
}

TEST(ApiKeyIndex, an_empty_index_knows_nobody) {
  const ApiKeyIndex index({});
  EXPECT_EQ(index.find(KeyDigest{}), nullptr);
}

TEST(ApiKeyIndex, of_two_entries_for_one_key_the_first_holds) {
  const ApiKeyIndex index({key("first", 9, 9), key("second", 9, 9)});
  EXPECT_EQ(index.find(key("", 9, 9).digest)->id, "first");
}

}  // namespace
}  // namespace caponier::plan
