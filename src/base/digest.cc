#include "base/digest.h"

#include <bit>
#include <cstring>

namespace caponier {
namespace {

static_assert(std::endian::native == std::endian::little, "SipHash reads its input as little-endian words");

struct State {
  std::uint64_t v0, v1, v2, v3;

  explicit State(const DigestKey& key)
      : v0(key[0] ^ 0x736f6d6570736575ULL),
        v1(key[1] ^ 0x646f72616e646f6dULL),
        v2(key[0] ^ 0x6c7967656e657261ULL),
        v3(key[1] ^ 0x7465646279746573ULL) {}

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }

  void word(std::uint64_t m) {
    v3 ^= m;
    round();
    round();
    v0 ^= m;
  }

  void absorb(std::string_view bytes) {
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; at += 8, left -= 8) {
      std::uint64_t m;
      std::memcpy(&m, at, 8);
      word(m);
    }
    std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56;
    for (std::size_t i = 0; i < left; ++i) {
      last |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
    }
    word(last);
  }

  std::uint64_t squeeze() {
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

}  // namespace

Digest128 keyed_digest(const DigestKey& key, std::string_view bytes) {
  State state(key);
  state.v1 ^= 0xee;
  state.absorb(bytes);
  state.v2 ^= 0xee;
  Digest128 digest;
  digest.low = state.squeeze();
  state.v1 ^= 0xdd;
  digest.high = state.squeeze();
  return digest;
}

std::uint64_t keyed_hash(const DigestKey& key, std::string_view bytes) {
  State state(key);
  state.absorb(bytes);
  state.v2 ^= 0xff;
  return state.squeeze();
}

}  // namespace caponier
