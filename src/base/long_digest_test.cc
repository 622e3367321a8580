#include "base/long_digest.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

namespace caponier {
namespace {

constexpr DigestKey kKey = {0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i * 7 % 26);
  return text;
}

std::pair<std::uint64_t, std::uint64_t> name_of(const LongDigest& digest, std::string_view text) {
  const Digest128 name = digest(text);
  return {name.low, name.high};
}

// Around the ends of pairs and blocks.
constexpr std::size_t kSizes[] = {0, 1, 7, 8, 15, 16, 17, 31, 800, 1023, 1024, 1025, 2047, 2048, 2049, 8192};

TEST(LongDigest, every_byte_counts_wherever_it_stands) {
  const LongDigest digest(kKey);
  for (const std::size_t size : kSizes) {
    std::string text = text_of(size);
    const auto whole = name_of(digest, text);
    for (char& c : text) {
      c = static_cast<char>(c ^ 1);
      EXPECT_NE(name_of(digest, text), whole) << size;
      c = static_cast<char>(c ^ 1);
    }
  }
}

TEST(LongDigest, texts_that_only_padding_would_tell_apart_have_different_names) {
  const LongDigest digest(kKey);
  std::set<std::pair<std::uint64_t, std::uint64_t>> names;
  for (std::size_t size = 0; size <= 2100; ++size) names.insert(name_of(digest, std::string(size, '\0')));
  EXPECT_EQ(names.size(), 2101U);
}

TEST(LongDigest, pairs_and_blocks_that_change_places_change_the_name) {
  const LongDigest digest(kKey);
  const std::string a = text_of(1024);
  const std::string b(1024, 'b');
  EXPECT_NE(digest(a + b), digest(b + a));
  EXPECT_NE(digest(a.substr(0, 16) + b.substr(0, 16)), digest(b.substr(0, 16) + a.substr(0, 16)));
  EXPECT_NE(digest(a.substr(0, 8) + b.substr(0, 8)), digest(b.substr(0, 8) + a.substr(0, 8)));
}

TEST(LongDigest, another_key_gives_another_name) {
  EXPECT_NE(LongDigest(kKey)("token"), LongDigest({1, 2})("token"));
  EXPECT_NE(LongDigest(kKey)(""), LongDigest({1, 2})(""));
  EXPECT_EQ(LongDigest(kKey)("token"), LongDigest(kKey)("token"));
}

TEST(LongDigest, unaligned_input_reads_the_same) {
  const LongDigest digest(kKey);
  const std::string text = text_of(1500);
  const std::string shifted = "x" + text;
  EXPECT_EQ(digest(text), digest(std::string_view(shifted).substr(1)));
}

}  // namespace
}  // namespace caponier
