// Passwords that were verified a short while ago, so that a client which sends its own with each request does
// not pay for each of them. Only digests under the process's key are kept, of the password together with the
// hash that it fits: with another hash in the users' file, what was known is nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace caponier::stages {

inline constexpr std::int64_t kPasswordKnownS = 300;
inline constexpr std::size_t kPasswordsKnownMax = 1024;  // per worker

class VerifiedPasswords {
 public:
  explicit VerifiedPasswords(const DigestKey& key, std::size_t entries_max = kPasswordsKnownMax);
  // Of a hash and a password, joined by a character that the hash does not have.
  [[nodiscard]] Digest128 name(std::string_view joined) const { return keyed_digest(key_, joined); }
  [[nodiscard]] bool knows(const Digest128& digest, std::int64_t now_s) const;
  void add(const Digest128& digest, std::int64_t until_s);

 private:
  static constexpr std::size_t kWays = 8;
  struct Known {
    Digest128 digest;
    std::int64_t until_s = 0;
  };
  using Set = std::array<Known, kWays>;  // the one that ends first makes room

  DigestKey key_;
  std::vector<Set> sets_;
};

}  // namespace caponier::stages
