#include "base/digest.h"

#include <gtest/gtest.h>

#include <string>

#include "base/bytes.h"

namespace caponier {
namespace {

// The key 00 01 .. 0f of the reference vectors, as two little-endian words.
constexpr DigestKey kReferenceKey = {0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

std::string hex_of(std::uint64_t word) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(word >> (8 * i) & 0xff);
  return to_hex(bytes);
}

struct Vector {
  std::size_t length;  // the input is the bytes 0, 1, 2...
  std::string hash;
  std::string digest;
};

// vectors.h of the reference code; the same values come from `openssl mac SIPHASH`.
TEST(Digest, it_agrees_with_the_reference_vectors) {
  const Vector vectors[] = {
      {0, "310e0edd47db6f72", "a3817f04ba25a8e66df67214c7550293"},
      {1, "fd67dc93c539f874", "da87c1d86b99af44347659119b22fc45"},
      {7, "37d1018bf50002ab", "a1f1ebbed8dbc153c0b84aa61ff08239"},
      {8, "6224939a79f5f593", "3b62a9ba6258f5610f83e264f31497b4"},
      {15, "e545be4961ca29a1", "5493e99933b0a8117e08ec0f97cfc3d9"},
      {16, "db9bc2577fcc2a3f", "6ee2a4ca67b054bbfd3315bf85230577"},
      {63, "724506eb4c328a95", "5150d1772f50834a503e069a973fbd7c"},
  };
  for (const Vector& v : vectors) {
    std::string input;
    for (std::size_t i = 0; i < v.length; ++i) input += static_cast<char>(i);
    EXPECT_EQ(hex_of(keyed_hash(kReferenceKey, input)), v.hash) << v.length;
    const Digest128 digest = keyed_digest(kReferenceKey, input);
    EXPECT_EQ(hex_of(digest.low) + hex_of(digest.high), v.digest) << v.length;
  }
}

TEST(Digest, another_key_gives_another_name) {
  const DigestKey other = {1, 2};
  EXPECT_NE(keyed_digest(kReferenceKey, "token"), keyed_digest(other, "token"));
  EXPECT_NE(keyed_hash(kReferenceKey, "token"), keyed_hash(other, "token"));
}

TEST(Digest, unaligned_input_reads_the_same) {
  const std::string text = "the same eighteen!";
  const std::string shifted = "x" + text;
  EXPECT_EQ(keyed_digest(kReferenceKey, text),
            keyed_digest(kReferenceKey, std::string_view(shifted).substr(1)));
}

}  // namespace
}  // namespace caponier
