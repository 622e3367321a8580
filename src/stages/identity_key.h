// Under which key a limit files an identity: a keyed hash, so that nobody outside can make two identities
// share a bucket or fill one neighbourhood of the table.
#pragma once

#include <cstdint>

#include "base/digest.h"
#include "stages/exchange.h"
#include "stages/state.h"

namespace caponier::stages {

enum class IdentityKind : std::uint8_t { kAddress = 1, kCredential = 2, kEveryone = 3 };

// A bijection that spreads every bit over the word (Stafford's variant 13 of MurmurHash3's finalizer).
constexpr std::uint64_t spread(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// `identity` is a keyed hash already, or nothing: what is left to do is to tell limits and kinds apart.
constexpr std::uint64_t identity_key(const DigestKey& key, std::uint64_t limit_id, IdentityKind kind,
                                     std::uint64_t identity) {
  const std::uint64_t limit = spread((limit_id ^ key[0]) + static_cast<std::uint64_t>(kind));
  return spread(identity + limit) ^ key[1];
}

// What limits count a peer by; hashed once per connection, if the connection did so.
inline std::uint64_t address_identity(const State& state, const Peer& peer) {
  return peer.address_hash != 0 ? peer.address_hash : keyed_hash(state.digest_key, peer.limit_key());
}

}  // namespace caponier::stages
