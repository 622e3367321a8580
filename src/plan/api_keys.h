// API keys as an immutable in-memory index: found by the SHA-256 of the key, which is all that is kept of it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace caponier::plan {

using KeyDigest = std::array<std::uint8_t, 32>;

struct ApiKey {
  std::string id;  // public part, shown in logs: "cap_1a2b3c4d"
  std::string subject;
  std::vector<std::string> scopes;
  std::int64_t expires_at_s = 0;  // 0: never
  KeyDigest digest{};
};

class ApiKeyIndex {
 public:
  explicit ApiKeyIndex(std::vector<ApiKey> keys);
  // Null if nobody has this key. The digest of a 256-bit random key is uniformly distributed and unknown to a
  // guesser, so that the lookup's timing tells nothing.
  [[nodiscard]] const ApiKey* find(const KeyDigest& digest) const;
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const KeyDigest& d) const;
  };
  std::vector<ApiKey> keys_;
  std::unordered_map<KeyDigest, std::uint32_t, Hash> by_digest_;
};

}  // namespace caponier::plan
