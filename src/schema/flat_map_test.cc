#include "schema/flat_map.h"

#include <gtest/gtest.h>

namespace caponier::schema {
namespace {

TEST(FlatMap, what_was_put_in_is_found_however_much_follows) {
  FlatMap<std::uint32_t, std::uint32_t, HashNumber, 7> map;
  EXPECT_EQ(map.find(1), nullptr);
  for (std::uint32_t key = 1; key <= 5'000; ++key) {
    std::uint32_t& value = map[key];
    EXPECT_EQ(value, 7U);
    value = key * 2;
  }
  EXPECT_EQ(map.size(), 5'000U);
  for (std::uint32_t key = 1; key <= 5'000; ++key) {
    ASSERT_NE(map.find(key), nullptr) << key;
    EXPECT_EQ(*map.find(key), key * 2);
    EXPECT_EQ(map[key], key * 2);
  }
  EXPECT_EQ(map.size(), 5'000U);
  EXPECT_EQ(map.find(5'001), nullptr);
}

// The worst that a hash can do.
struct HashNothing {
  std::uint64_t operator()(std::uint32_t) const { return 15; }
};

TEST(FlatMap, keys_of_one_hash_are_told_apart) {
  FlatMap<std::uint32_t, std::uint32_t, HashNothing> map;
  for (std::uint32_t key = 1; key <= 100; ++key) map[key] = key;
  for (std::uint32_t key = 1; key <= 100; ++key) EXPECT_EQ(*map.find(key), key);
  EXPECT_EQ(map.find(101), nullptr);
}

}  // namespace
}  // namespace caponier::schema
