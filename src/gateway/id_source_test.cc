#include "gateway/id_source.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>

namespace caponier::gateway {
namespace {

class FixedRandom final : public RandomSource {
 public:
  explicit FixedRandom(unsigned char byte) : byte_(byte) {}
  void fill(void* out, std::size_t bytes) override { std::memset(out, byte_, bytes); }

 private:
  unsigned char byte_;
};

TEST(IdSource, ids_are_hexadecimal_and_never_the_same_twice) {
  FixedRandom random(7);
  IdSource ids(random);
  Arena arena(1 << 10);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string long_id(ids.next_128(arena));
    const std::string short_id(ids.next_64(arena));
    EXPECT_EQ(long_id.size(), 32U);
    EXPECT_EQ(short_id.size(), 16U);
    EXPECT_EQ((long_id + short_id).find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(seen.insert(long_id).second);
    EXPECT_TRUE(seen.insert(short_id).second);
  }
}

TEST(IdSource, another_process_gives_other_ids) {
  FixedRandom one(1);
  FixedRandom two(2);
  Arena arena(1 << 10);
  EXPECT_NE(IdSource(one).next_128(arena), IdSource(two).next_128(arena));
}

}  // namespace
}  // namespace caponier::gateway
