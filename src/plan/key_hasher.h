// What is kept of an API key: HMAC-SHA-256 (RFC 2104) under a key that is not in the database, so that who
// reads the database alone can neither use a key nor try one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace caponier::plan {

using KeyDigest = std::array<std::uint8_t, 32>;

class KeyHasher {
 public:
  static constexpr std::size_t kSecretBytesMin = 32;

  // `secret` has any length; the caller sees to its strength.
  explicit KeyHasher(std::string_view secret);
  ~KeyHasher();
  KeyHasher(const KeyHasher&) = delete;
  KeyHasher& operator=(const KeyHasher&) = delete;

  [[nodiscard]] KeyDigest operator()(std::string_view text) const;
  // Of an API key that has its form: of id and secret alone, because that is one block of SHA-256 less.
  [[nodiscard]] KeyDigest of_key(std::string_view key) const;

 private:
  // The states of SHA-256 after the inner and the outer block: what HMAC does for each text begins there.
  struct alignas(8) State {
    std::array<std::byte, 112> bytes;
  };
  State inner_;
  State outer_;
};

}  // namespace caponier::plan
