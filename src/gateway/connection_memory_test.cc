#include "gateway/connection_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace caponier::gateway {
namespace {

class NoRandom final : public RandomSource {
 public:
  void fill(void* out, std::size_t bytes) override { std::memset(out, 7, bytes); }
};

TEST(ConnectionMemory, has_room_up_to_its_bound_and_none_past_it) {
  NoRandom random;
  Shared shared(Limits{}, 1, random);
  ConnectionMemory memory(shared);
  EXPECT_EQ(memory.left(100), 100U);
  memory.add(99);
  EXPECT_EQ(memory.left(100), 1U);
  EXPECT_FALSE(memory.over(100));
  memory.add(1);
  EXPECT_EQ(memory.left(100), 0U);
  EXPECT_FALSE(memory.over(100));
  memory.add(1);
  EXPECT_EQ(memory.left(100), 0U);
  EXPECT_TRUE(memory.over(100));
  memory.add(-101);
  EXPECT_EQ(memory.left(100), 100U);
}

TEST(ConnectionMemory, counts_in_the_process_as_well_but_for_blocks_which_their_pool_counts) {
  NoRandom random;
  Shared shared(Limits{}, 1, random);
  ConnectionMemory one(shared);
  ConnectionMemory other(shared);
  one.add(1000);
  other.add(500);
  *one.blocks() += 16;
  EXPECT_EQ(shared.in_flight_bytes.load(), 1500U);
  EXPECT_EQ(one.held(), 1016);
  EXPECT_EQ(other.held(), 500);
}

TEST(ConnectionMemory, of_a_text_is_what_it_has_asked_the_heap_for) {
  std::string text = "short";
  EXPECT_EQ(heap_bytes(text), 0);
  text.reserve(1000);
  EXPECT_EQ(heap_bytes(text), 1000);
}

}  // namespace
}  // namespace caponier::gateway
