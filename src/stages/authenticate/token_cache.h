// Facts about tokens whose signature has been verified, under a keyed digest of the whole token; one cache per worker,
// bounded. Never a decision: issuer, audience, scope and time are judged again for each request.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "jose/token.h"

namespace caponier::stages {

struct CachedToken {
  Digest128 digest;
  std::shared_ptr<const jose::Claims> claims;
  std::uint32_t issuer = 0;           // index into Plan::issuers
  std::uint64_t plan_id = 0;          // issuer indices hold for one Plan only
  std::uint64_t key_generation = 0;
  std::string credential;             // "token:<hex>", for the log
};

class TokenCache {
 public:
  explicit TokenCache(std::uint32_t entries_max);
  // Null if unknown, from another Plan or key generation, or past exp.
  [[nodiscard]] const CachedToken* find(const Digest128& digest, std::uint64_t plan_id, std::int64_t now_s) const;
  void insert(CachedToken token);
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::vector<CachedToken> slots_;    // set-associative, eight ways; the one that expires first goes
  std::size_t size_ = 0;
};

}  // namespace caponier::stages
