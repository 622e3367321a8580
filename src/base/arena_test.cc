#include "base/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace caponier {
namespace {

TEST(Arena, every_alignment_is_kept) {
  Arena arena(64);
  for (const std::size_t alignment : {1U, 2U, 4U, 8U, 16U, 64U}) {
    static_cast<void>(arena.allocate(1, 1));
    const auto address = reinterpret_cast<std::uintptr_t>(arena.allocate(3, alignment));
    EXPECT_EQ(address % alignment, 0U) << alignment;
  }
}

TEST(Arena, what_was_handed_out_does_not_move_or_overlap) {
  Arena arena(32);
  std::vector<std::string_view> copies;
  for (int i = 0; i < 1000; ++i) copies.push_back(arena.copy("text " + std::to_string(i)));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(copies[static_cast<std::size_t>(i)], "text " + std::to_string(i));
}

TEST(Arena, a_warm_arena_hands_out_the_same_memory_again) {
  Arena arena(1024);
  void* const first = arena.allocate(100);
  static_cast<void>(arena.allocate(100'000));
  EXPECT_GE(arena.bytes_in_use(), 100'100U);
  arena.reset();
  EXPECT_EQ(arena.bytes_in_use(), 0U);
  EXPECT_EQ(arena.allocate(100), first);
}

TEST(Arena, a_large_first_request_does_not_make_the_block_that_stays_large) {
  Arena arena(64);
  static_cast<void>(arena.allocate(1'000'000));
  arena.reset();
  void* const kept = arena.allocate(64, 1);
  arena.reset();
  EXPECT_EQ(arena.allocate(64, 1), kept);
  // One past the kept block comes from elsewhere.
  EXPECT_NE(static_cast<std::byte*>(arena.allocate(1, 1)), static_cast<std::byte*>(kept) + 64);
}

TEST(Arena, arrays_are_initialised_and_empty_ones_are_fine) {
  Arena arena(16);
  static_cast<void>(arena.copy("dirt dirt dirt dirt"));
  arena.reset();
  for (const int value : arena.array<int>(4)) EXPECT_EQ(value, 0);
  EXPECT_TRUE(arena.array<int>(0).empty());
  EXPECT_EQ(arena.copy(""), "");
  struct Pair {
    int a;
    int b;
  };
  EXPECT_EQ(arena.make<Pair>(1, 2)->b, 2);
}

TEST(ArenaDeathTest, a_count_that_overflows_ends_the_process) {
  Arena arena;
  EXPECT_DEATH(static_cast<void>(arena.array<std::uint64_t>(SIZE_MAX / 4)), "");
}

}  // namespace
}  // namespace caponier
