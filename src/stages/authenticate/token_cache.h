// Facts about tokens whose signature has been verified, or that their issuer was asked about, under a keyed
// digest of the whole token; one cache per worker, bounded. Never a decision: issuer, audience, scope and
// time are judged again for each request.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/long_digest.h"
#include "jose/token.h"

namespace caponier::stages {

struct CachedToken {
  Digest128 digest;
  std::shared_ptr<const jose::Claims> claims;  // null: its issuer says that it is not active
  std::uint32_t issuer = 0;                    // index into Plan::issuers
  std::uint64_t plan_id = 0;                   // of the KeyRing: issuer indices hold for one Plan only
  std::uint64_t key_generation = 0;
  std::uint64_t identity_hash = 0;  // Principal::credential_hash
  std::int64_t until_s = 0;         // wall time from which on it is not known any more
  [[nodiscard]] bool used() const { return plan_id != 0; }
};

class TokenCache {
 public:
  // All workers of a process name tokens under the same key.
  TokenCache(std::uint32_t entries_max, const DigestKey& key);
  [[nodiscard]] Digest128 name(std::string_view token) const { return digest_(token); }
  // Null if unknown, from another Plan, or past its time; the caller compares the key generation. Valid until
  // insert().
  [[nodiscard]] const CachedToken* find(const Digest128& digest, std::uint64_t plan_id,
                                        std::int64_t now_s) const;
  void insert(CachedToken token);
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kWays = 8;
  using Set = std::array<CachedToken, kWays>;

  LongDigest digest_;
  std::size_t ways_;  // 8, fewer if fewer entries are allowed in all
  std::size_t size_ = 0;
  std::vector<std::unique_ptr<Set>> sets_;  // made when first used; the entry that expires first goes
};

}  // namespace caponier::stages
