// SipHash-2-4 with 128-bit output under a key that never leaves the process: the name under which verified
// tokens are cached and by which the limiter files identities. Not for storage, not for signatures.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace caponier {

using DigestKey = std::array<std::uint64_t, 2>;

struct Digest128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const Digest128&, const Digest128&) = default;
};

// Aumasson, Bernstein: "SipHash: a fast short-input PRF", the 128-bit variant of the reference code.
Digest128 keyed_digest(const DigestKey& key, std::string_view bytes);
// 64-bit variant, for hash tables that a peer could try to flood.
std::uint64_t keyed_hash(const DigestKey& key, std::string_view bytes);

}  // namespace caponier
