#include "plan/key_format.h"

#include <gtest/gtest.h>

#include <set>

#include "plan/test_random.h"

namespace caponier::plan {
namespace {

TEST(KeyFormat, the_checksum_is_crc32_in_base62) {
  EXPECT_EQ(key_checksum(""), "000000");
  // 0xCBF43926, the check value of CRC-32, in base 62.
  std::uint32_t value = 0xCBF43926;
  std::string expected(6, '0');
  for (std::size_t i = 6; i-- > 0; value /= 62) {
    expected[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[value % 62];
  }
  EXPECT_EQ(key_checksum("123456789"), expected);
}

TEST(KeyFormat, a_key_that_is_made_is_one_and_names_its_id) {
  CountingRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string id = make_key_id(random);
    std::string bytes(32, '\0');
    random.fill(bytes.data(), bytes.size());
    const Secret key = make_key(id, bytes);
    ASSERT_EQ(key.reveal().size(), kKeyBytes);
    EXPECT_TRUE(key.reveal().starts_with(id + "_"));
    EXPECT_EQ(key_number_of(key.reveal()), key_number(id));
    EXPECT_TRUE(key_number(id).has_value());
    EXPECT_TRUE(seen.insert(std::string(key.reveal())).second);
  }
}

TEST(KeyFormat, a_key_with_any_other_character_is_none) {
  CountingRandom random;
  const Secret key = make_key("cap_1a2b3c4d", std::string(32, 'x'));
  for (std::size_t i = 0; i < key.reveal().size(); ++i) {
    std::string other(key.reveal());
    other[i] = other[i] == 'Z' ? 'Y' : 'Z';
    EXPECT_FALSE(key_number_of(other).has_value()) << i;
  }
  for (const std::size_t size : {0UL, 1UL, 12UL, 62UL}) {
    EXPECT_FALSE(key_number_of(key.reveal().substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(key_number_of(std::string(key.reveal()) + "0").has_value());
}

TEST(KeyFormat, a_right_checksum_does_not_help_a_wrong_form) {
  for (const std::string_view stem : {"cap_1a2b3c4-_", "cat_1a2b3c4d_", "cap_1a2b3c4d-", "cap_1a2b3c\0d_"}) {
    const std::string begin = std::string(stem.substr(0, 13)) + std::string(43, 'x');
    if (begin.size() != 56) continue;
    EXPECT_FALSE(key_number_of(begin + "_" + key_checksum(begin)).has_value()) << begin;
  }
  const std::string odd = "cap_1a2b3c4d_" + std::string(42, 'x') + "*";
  EXPECT_FALSE(key_number_of(odd + "_" + key_checksum(odd)).has_value());
}

}  // namespace
}  // namespace caponier::plan
