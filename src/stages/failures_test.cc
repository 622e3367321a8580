#include "stages/failures.h"

#include <gtest/gtest.h>

#include <thread>

namespace caponier::stages {
namespace {

constexpr FailureBudget kBudget{5, 30};
constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kStartUs = 1000 * kSecondUs;

std::uint64_t mixed(std::uint64_t i) {
  i = (i + 1) * 0x9e3779b97f4a7c15ULL;
  i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9ULL;
  return i ^ (i >> 27);
}

TEST(Failures, the_budget_is_free_and_one_past_it_waits) {
  Failures failures(64);
  for (int i = 1; i < 5; ++i) EXPECT_EQ(failures.note(7, kBudget, kStartUs), 0) << i;
  EXPECT_EQ(failures.wait_us(7, kStartUs), 0);
  EXPECT_EQ(failures.note(7, kBudget, kStartUs), 2 * kSecondUs);
  EXPECT_EQ(failures.wait_us(7, kStartUs), 2 * kSecondUs);
  EXPECT_EQ(failures.wait_us(7, kStartUs + 2 * kSecondUs), 0);
  EXPECT_EQ(failures.wait_us(8, kStartUs), 0) << "nobody else waits";
}

TEST(Failures, a_failure_after_each_wait_doubles_the_next_up_to_a_bound) {
  Failures failures(64);
  std::int64_t now_us = kStartUs;
  std::int64_t wait_us = 0;
  while (wait_us == 0) wait_us = failures.note(7, kBudget, now_us);
  std::int64_t longest = 0;
  for (int i = 0; i < 200; ++i) {
    now_us += wait_us;
    std::int64_t next = 0;
    while (next == 0) next = failures.note(7, kBudget, now_us);
    EXPECT_TRUE(next == 2 * wait_us || next == kBackOffMaxUs) << next;
    wait_us = next;
    longest = std::max(longest, wait_us);
  }
  EXPECT_EQ(longest, kBackOffMaxUs);
}

TEST(Failures, what_is_refused_while_waiting_makes_nothing_worse) {
  Failures failures(64);
  for (int i = 0; i < 5; ++i) (void)failures.note(7, kBudget, kStartUs);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(failures.note(7, kBudget, kStartUs + kSecondUs), kSecondUs);
  EXPECT_EQ(failures.note(7, kBudget, kStartUs + 2 * kSecondUs), 4 * kSecondUs);
}

TEST(Failures, failures_within_the_rate_never_wait_and_peace_is_rewarded) {
  Failures failures(64);
  std::int64_t now_us = kStartUs;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(failures.note(7, kBudget, now_us += 2 * kSecondUs), 0);
  std::int64_t wait_us = 0;
  for (int strikes = 0; strikes < 3; ++strikes) {
    do {
      wait_us = failures.note(8, kBudget, now_us);
    } while (wait_us == 0);
    now_us += wait_us;
  }
  EXPECT_EQ(wait_us, 8 * kSecondUs);
  now_us += 3 * kBackOffMaxUs;
  for (int i = 1; i < 5; ++i) EXPECT_EQ(failures.note(8, kBudget, now_us), 0);
  EXPECT_EQ(failures.note(8, kBudget, now_us), 2 * kSecondUs) << "as if for the first time";
}

TEST(Failures, a_flood_of_invented_identities_does_not_free_whoever_has_to_wait) {
  Failures failures(1 << 10);
  const std::uint64_t known = mixed(1'000'000'000);
  for (int i = 0; i < 5; ++i) (void)failures.note(known, kBudget, kStartUs);
  for (std::uint64_t i = 0; i < 200'000; ++i) (void)failures.note(mixed(i), kBudget, kStartUs + 1);
  EXPECT_GT(failures.wait_us(known, kStartUs + 1), 0);
  // And those that come last are counted as any others.
  for (int i = 1; i < 5; ++i) EXPECT_EQ(failures.note(mixed(1'000'000), kBudget, kStartUs + 2), 0);
  EXPECT_GT(failures.note(mixed(1'000'000), kBudget, kStartUs + 2), 0);
}

TEST(Failures, where_everybody_waits_who_waits_least_is_forgotten) {
  Failures failures(8);
  for (std::uint64_t key = 1; key <= 8; ++key) {
    std::int64_t now_us = kStartUs;
    const int strikes = key == 3 ? 1 : 2;
    for (int i = 0; i < strikes; ++i) {
      std::int64_t wait_us = 0;
      while (wait_us == 0) wait_us = failures.note(key, kBudget, now_us);
      if (i + 1 < strikes) now_us += wait_us;
    }
  }
  EXPECT_EQ(failures.note(9, kBudget, kStartUs), 0);
  EXPECT_EQ(failures.wait_us(3, kStartUs), 0);
  for (const std::uint64_t key : {1U, 2U, 4U, 5U, 6U, 7U, 8U})
    EXPECT_GT(failures.wait_us(key, kStartUs), 0) << key;
}

TEST(Failures, many_threads_spend_one_budget) {
  constexpr FailureBudget kLarge{10'000, 1};
  Failures failures(64);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&failures, kLarge] {
      for (int i = 0; i < 2499; ++i) EXPECT_EQ(failures.note(7, kLarge, kStartUs), 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(failures.note(7, kLarge, kStartUs), 0);
  EXPECT_GT(failures.note(7, kLarge, kStartUs), 0);
}

}  // namespace
}  // namespace caponier::stages
