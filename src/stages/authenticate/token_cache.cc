#include "stages/authenticate/token_cache.h"

#include <algorithm>

namespace caponier::stages {

TokenCache::TokenCache(std::uint32_t entries_max, const DigestKey& key)
    : digest_(key),
      ways_(std::min<std::size_t>(entries_max, kWays)),
      sets_(std::max<std::size_t>(1, entries_max / kWays)) {}

const CachedToken* TokenCache::find(const Digest128& digest, std::uint64_t plan_id,
                                    std::int64_t now_s) const {
  const std::unique_ptr<Set>& set = sets_[digest.low % sets_.size()];
  if (!set) return nullptr;
  for (std::size_t i = 0; i < ways_; ++i) {
    const CachedToken& token = (*set)[i];
    if (!token.used() || token.digest != digest) continue;
    return token.plan_id == plan_id && now_s < token.until_s ? &token : nullptr;
  }
  return nullptr;
}

void TokenCache::insert(CachedToken token) {
  if (ways_ == 0 || !token.used()) return;
  std::unique_ptr<Set>& set = sets_[token.digest.low % sets_.size()];
  if (!set) set = std::make_unique<Set>();
  CachedToken* place = set->data();
  for (CachedToken& other : std::span(set->data(), ways_)) {
    if (other.used() && other.digest == token.digest) {
      other = std::move(token);
      return;
    }
    // A free place, else the one that expires first.
    const auto rank = [](const CachedToken& t) { return t.used() ? t.until_s : INT64_MIN; };
    if (rank(other) < rank(*place)) place = &other;
  }
  if (!place->used()) ++size_;
  *place = std::move(token);
}

}  // namespace caponier::stages
