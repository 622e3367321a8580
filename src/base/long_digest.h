// A keyed digest for texts of hundreds of bytes, three times as fast as SipHash alone: NH, the universal hash
// of UMAC, shortens the text, and SipHash-2-4 (128 bits) names what is left.
//
// Why two texts do not get one name: who does not know the key finds two different blocks of one length with
// the same NH with probability 2^-128 at most (two Toeplitz passes of 2^-64 each: Black, Halevi, Krawczyk,
// Krovetz, Rogaway: "UMAC: Fast and Secure Message Authentication"), texts of different length differ in the
// length that SipHash reads, and SipHash, a pseudo-random function under a key of its own, shows nothing of
// the key of NH and adds 2^-128. A text of n blocks has n chances. Not for storage, not for signatures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/digest.h"

namespace caponier {

class LongDigest {
 public:
  explicit LongDigest(const DigestKey& key);
  [[nodiscard]] Digest128 operator()(std::string_view bytes) const;

 private:
  static constexpr std::size_t kBlockWords = 128;
  static constexpr std::size_t kBlockBytes = kBlockWords * sizeof(std::uint64_t);
  // Of the two passes, each 128 bits: the second uses the same key, shifted by one pair of words.
  using Short = std::array<std::uint64_t, 4>;

  [[nodiscard]] Short shorten(std::string_view block) const;

  DigestKey sip_key_;
  std::array<std::uint64_t, kBlockWords + 2> words_;
};

}  // namespace caponier
