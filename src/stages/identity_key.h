// Under which key a limit files an identity: a keyed hash, so that nobody outside can make two identities
// share a bucket or fill one neighbourhood of the table.
#pragma once

#include <array>
#include <cstring>
#include <string_view>

#include "base/digest.h"

namespace caponier::stages {

enum class IdentityKind : std::uint8_t { kAddress = 1, kCredential = 2, kEveryone = 3 };

// `identity` is at most 16 bytes: an address, a hash, nothing.
inline std::uint64_t identity_key(const DigestKey& key, std::uint64_t limit_id, IdentityKind kind,
                                  std::string_view identity) {
  std::array<char, 25> bytes{};
  std::memcpy(bytes.data(), &limit_id, sizeof limit_id);
  bytes[8] = static_cast<char>(kind);
  const std::size_t length = identity.size() < 16 ? identity.size() : 16;
  std::memcpy(bytes.data() + 9, identity.data(), length);
  return keyed_hash(key, {bytes.data(), 9 + length});
}

}  // namespace caponier::stages
