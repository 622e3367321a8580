// The one form of SHA-256 whose state is plain memory: EVP allocates to copy one, for each request.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "plan/key_hasher.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>

#include "plan/key_format.h"

namespace caponier::plan {
namespace {

constexpr std::size_t kBlockBytes = 64;

SHA256_CTX begun_with(const std::array<std::uint8_t, kBlockBytes>& key, std::uint8_t pad) {
  std::array<std::uint8_t, kBlockBytes> block = key;
  for (std::uint8_t& byte : block) byte ^= pad;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, block.data(), block.size());
  OPENSSL_cleanse(block.data(), block.size());
  return context;
}

template <class State>
KeyDigest ended_with(const State& state, const void* data, std::size_t size) {
  static_assert(sizeof(State) == sizeof(SHA256_CTX));
  SHA256_CTX context;
  std::memcpy(&context, &state, sizeof context);
  SHA256_Update(&context, data, size);
  KeyDigest digest;
  SHA256_Final(digest.data(), &context);
  return digest;
}

}  // namespace

KeyHasher::KeyHasher(std::string_view secret) {
  std::array<std::uint8_t, kBlockBytes> key{};
  if (secret.size() > kBlockBytes) {
    SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), key.data());
  } else {
    std::copy(secret.begin(), secret.end(), key.begin());
  }
  SHA256_CTX context = begun_with(key, 0x36);
  std::memcpy(&inner_, &context, sizeof context);
  context = begun_with(key, 0x5c);
  std::memcpy(&outer_, &context, sizeof context);
  OPENSSL_cleanse(&context, sizeof context);
  OPENSSL_cleanse(key.data(), key.size());
}

KeyHasher::~KeyHasher() {
  OPENSSL_cleanse(&inner_, sizeof inner_);
  OPENSSL_cleanse(&outer_, sizeof outer_);
}

KeyDigest KeyHasher::operator()(std::string_view text) const {
  const KeyDigest inner = ended_with(inner_, text.data(), text.size());
  return ended_with(outer_, inner.data(), inner.size());
}

KeyDigest KeyHasher::of_key(std::string_view key) const {
  constexpr std::size_t kFirst = kKeyPrefix.size();
  static_assert(kKeyBytes - kFirst - kKeyChecksumBytes <= 55);  // what fits into a block with its padding
  return (*this)(key.substr(kFirst, kKeyBytes - kFirst - kKeyChecksumBytes));
}

}  // namespace caponier::plan
