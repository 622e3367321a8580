#include "stages/authenticate/token_cache.h"

#include <gtest/gtest.h>

namespace caponier::stages {
namespace {

constexpr DigestKey kKey = {1, 2};

CachedToken token(std::uint64_t low, std::int64_t expires_at_s, std::uint64_t plan_id = 1) {
  auto claims = std::make_shared<jose::Claims>();
  claims->expires_at_s = expires_at_s;
  return {{low, 0}, std::move(claims), 0, plan_id, 1, 0, expires_at_s};
}

TEST(TokenCache, facts_are_found_until_exp_and_not_at_exp) {
  TokenCache cache(64, kKey);
  cache.insert(token(1, 100));
  EXPECT_NE(cache.find({1, 0}, 1, 99), nullptr);
  EXPECT_EQ(cache.find({1, 0}, 1, 100), nullptr);
}

TEST(TokenCache, facts_of_another_plan_or_digest_are_not_found) {
  TokenCache cache(64, kKey);
  cache.insert(token(1, 100));
  EXPECT_EQ(cache.find({1, 0}, 2, 50), nullptr);
  EXPECT_EQ(cache.find({1, 9}, 1, 50), nullptr);
  EXPECT_EQ(cache.find({2, 0}, 1, 50), nullptr);
}

TEST(TokenCache, the_same_token_takes_one_place) {
  TokenCache cache(64, kKey);
  cache.insert(token(1, 100));
  cache.insert(token(1, 200, 2));
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_NE(cache.find({1, 0}, 2, 150), nullptr);
}

TEST(TokenCache, never_holds_more_than_its_bound_and_gives_up_what_expires_first) {
  TokenCache cache(8, kKey);
  for (std::uint64_t i = 1; i <= 8; ++i) cache.insert(token(i, 100 + static_cast<std::int64_t>(i)));
  EXPECT_EQ(cache.size(), 8U);
  cache.insert(token(9, 500));
  EXPECT_EQ(cache.size(), 8U);
  EXPECT_EQ(cache.find({1, 0}, 1, 50), nullptr);
  EXPECT_NE(cache.find({2, 0}, 1, 50), nullptr);
  EXPECT_NE(cache.find({9, 0}, 1, 50), nullptr);
}

TEST(TokenCache, a_bound_of_zero_keeps_nothing) {
  TokenCache cache(0, kKey);
  cache.insert(token(1, 100));
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.find({1, 0}, 1, 50), nullptr);
}

}  // namespace
}  // namespace caponier::stages
