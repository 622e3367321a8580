#include "plan/api_keys.h"

#include <cstring>

namespace caponier::plan {

std::size_t ApiKeyIndex::Hash::operator()(const KeyDigest& d) const {
  std::size_t first = 0;
  std::memcpy(&first, d.data(), sizeof first);
  return first;
}

ApiKeyIndex::ApiKeyIndex(std::vector<ApiKey> keys) : keys_(std::move(keys)) {
  by_digest_.reserve(keys_.size());
  for (std::uint32_t i = 0; i < keys_.size(); ++i) by_digest_.emplace(keys_[i].digest, i);
}

const ApiKey* ApiKeyIndex::find(const KeyDigest& digest) const {
  const auto found = by_digest_.find(digest);
  return found == by_digest_.end() ? nullptr : &keys_[found->second];
}

}  // namespace caponier::plan
