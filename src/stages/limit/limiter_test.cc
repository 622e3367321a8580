#include "stages/limit/limiter.h"

#include <gtest/gtest.h>

#include <array>
#include <barrier>
#include <thread>
#include <vector>

namespace caponier::stages {
namespace {

constexpr std::int64_t kStart = 5'000'000;

BucketTake bucket(std::uint64_t key, std::uint32_t capacity = 3, std::int64_t window_us = 3'000'000) {
  return {key, capacity, window_us, 1};
}

Taken take(Limiter& limiter, const BucketTake& one, std::int64_t now, BucketState* state = nullptr) {
  BucketState ignored;
  return limiter.take({&one, 1}, {state != nullptr ? state : &ignored, 1}, now);
}

TEST(Limiter, a_bucket_gives_its_capacity_and_not_one_more) {
  Limiter limiter(64);
  BucketState state;
  for (std::uint32_t left : {2U, 1U, 0U}) {
    ASSERT_EQ(take(limiter, bucket(7), kStart, &state), Taken::kYes);
    EXPECT_EQ(state.remaining, left);
    EXPECT_EQ(state.retry_after_us, 0);
  }
  EXPECT_EQ(state.reset_us, 3'000'000);
  EXPECT_EQ(take(limiter, bucket(7), kStart, &state), Taken::kNo);
  EXPECT_EQ(state.retry_after_us, 1'000'000);
  EXPECT_EQ(state.remaining, 0U);
}

TEST(Limiter, tokens_come_back_one_by_one) {
  Limiter limiter(64);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(take(limiter, bucket(7), kStart), Taken::kYes);
  EXPECT_EQ(take(limiter, bucket(7), kStart + 999'999), Taken::kNo);
  EXPECT_EQ(take(limiter, bucket(7), kStart + 1'000'000), Taken::kYes);
  EXPECT_EQ(take(limiter, bucket(7), kStart + 1'000'000), Taken::kNo);
}

TEST(Limiter, a_full_bucket_does_not_grow_over_its_capacity) {
  Limiter limiter(64);
  ASSERT_EQ(take(limiter, bucket(7), kStart), Taken::kYes);
  int given = 0;
  while (take(limiter, bucket(7), kStart + 3'600'000'000) == Taken::kYes) ++given;
  EXPECT_EQ(given, 3);
}

TEST(Limiter, a_boundary_does_not_allow_a_double_burst) {
  Limiter limiter(64);
  int given = 0;
  for (std::int64_t at = kStart; at < kStart + 3'000'000; at += 10'000) {
    given += take(limiter, bucket(7), at) == Taken::kYes ? 1 : 0;
  }
  EXPECT_EQ(given, 5);  // the burst of 3, and 2 that came back within the window
}

TEST(Limiter, capacity_zero_refuses_always) {
  Limiter limiter(64);
  BucketState state;
  EXPECT_EQ(take(limiter, bucket(7, 0, 0), kStart, &state), Taken::kNo);
  EXPECT_GT(state.retry_after_us, 0);
}

TEST(Limiter, either_every_bucket_gives_or_none_does) {
  Limiter limiter(64);
  const std::array takes = {bucket(1, 5, 5'000'000), bucket(2, 2, 2'000'000)};
  std::array<BucketState, 2> states;
  for (int i = 0; i < 2; ++i) ASSERT_EQ(limiter.take(takes, states, kStart), Taken::kYes);
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(limiter.take(takes, states, kStart), Taken::kNo);
    EXPECT_EQ(states[0].retry_after_us, 0);
    EXPECT_GT(states[1].retry_after_us, 0);
  }
  int left = 0;
  while (take(limiter, takes[0], kStart) == Taken::kYes) ++left;
  EXPECT_EQ(left, 3);
}

TEST(Limiter, the_same_bucket_named_twice_is_refunded_when_only_one_token_is_left) {
  Limiter limiter(64);
  const std::array takes = {bucket(1, 1, 1'000'000), bucket(1, 1, 1'000'000)};
  std::array<BucketState, 2> states;
  EXPECT_EQ(limiter.take(takes, states, kStart), Taken::kNo);
  EXPECT_EQ(take(limiter, takes[0], kStart), Taken::kYes);
}

TEST(Limiter, peek_takes_nothing) {
  Limiter limiter(64);
  BucketState state;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(limiter.peek(bucket(7), state, kStart), Taken::kYes);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(take(limiter, bucket(7), kStart), Taken::kYes);
  EXPECT_EQ(limiter.peek(bucket(7), state, kStart), Taken::kNo);
  EXPECT_EQ(state.retry_after_us, 1'000'000);
}

TEST(Limiter, a_full_neighbourhood_refuses_new_keys_and_keeps_the_live_ones) {
  Limiter limiter(8);
  for (std::uint64_t key = 1; key <= 8; ++key) ASSERT_EQ(take(limiter, bucket(key), kStart), Taken::kYes);
  EXPECT_EQ(take(limiter, bucket(9), kStart), Taken::kTableFull);
  EXPECT_EQ(take(limiter, bucket(9), kStart + 1'000'000), Taken::kTableFull);  // refilled only just now
  for (int i = 0; i < 2; ++i) EXPECT_EQ(take(limiter, bucket(1), kStart), Taken::kYes);
  EXPECT_EQ(take(limiter, bucket(1), kStart), Taken::kNo);
  EXPECT_EQ(take(limiter, bucket(9), kStart + 1'000'001), Taken::kYes);
}

TEST(Limiter, key_zero_is_a_key_like_any_other) {
  Limiter limiter(8);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(take(limiter, bucket(0), kStart), Taken::kYes);
  EXPECT_EQ(take(limiter, bucket(0), kStart), Taken::kNo);
}

TEST(Limiter, works_from_the_first_microsecond) {
  Limiter limiter(8);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(take(limiter, bucket(1), 0), Taken::kYes);
  EXPECT_EQ(take(limiter, bucket(1), 0), Taken::kNo);
}

TEST(Limiter, threads_together_take_exactly_the_capacity) {
  Limiter limiter(64);
  constexpr std::uint32_t kCapacity = 10'000;
  std::atomic<int> given = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&limiter, &given] {
      const std::array takes = {bucket(1, kCapacity, 3'600'000'000), bucket(2, kCapacity * 2, 3'600'000'000)};
      std::array<BucketState, 2> states;
      for (std::uint32_t i = 0; i < kCapacity; ++i) {
        if (limiter.take(takes, states, kStart) == Taken::kYes) ++given;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(given, static_cast<int>(kCapacity));
  int left = 0;
  while (take(limiter, bucket(2, kCapacity * 2, 3'600'000'000), kStart) == Taken::kYes) ++left;
  EXPECT_EQ(left, static_cast<int>(kCapacity));
}

TEST(Limiter, slots_that_change_hands_under_four_threads_lose_and_give_nothing) {
  // Each round new keys take over the refilled slots of the last round's, all threads at once: one token per
  // key.
  Limiter limiter(8);
  constexpr int kRounds = 300;
  constexpr std::uint64_t kKeys = 6;
  std::atomic<int> given = 0;
  std::barrier round_end(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&limiter, &given, &round_end] {
      for (int round = 0; round < kRounds; ++round) {
        for (std::uint64_t k = 0; k < kKeys; ++k) {
          const BucketTake one{static_cast<std::uint64_t>(round) * kKeys + k + 1, 1, 5, 1};
          BucketState state;
          if (limiter.take({&one, 1}, {&state, 1}, kStart + round * 10) == Taken::kYes) ++given;
        }
        round_end.arrive_and_wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(given, kRounds * static_cast<int>(kKeys));
}

}  // namespace
}  // namespace caponier::stages
