#include "store/key_format.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "store/key_file.h"

namespace caponier::store {
namespace {

constexpr std::string_view kPrefix = "cap_";
constexpr char kDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kSecretCharacters = 43;
constexpr std::size_t kChecksumCharacters = 6;

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320U & (0U - (crc & 1)));
  }
  return ~crc;
}

bool is_base62(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || is_alpha(c); });
}

}  // namespace

std::string key_checksum(std::string_view bytes) {
  std::uint32_t value = crc32(bytes);
  std::string out(kChecksumCharacters, '0');
  for (std::size_t i = kChecksumCharacters; i-- > 0; value /= 62) out[i] = kDigits[value % 62];
  return out;
}

std::string make_key_id(RandomSource& random) {
  std::string id(kPrefix);
  while (id.size() < kKeyIdBytes) {
    std::uint8_t byte = 0;
    random.fill(&byte, 1);
    // 248 is the last multiple of 62: above it, some characters would be likelier than others.
    if (byte < 248) id += kDigits[byte % 62];
  }
  return id;
}

Secret make_key(std::string_view id, RandomSource& random) {
  std::string secret(kSecretBytes, '\0');
  random.fill(secret.data(), secret.size());
  std::string encoded = base64url_encode(secret);
  std::string key;
  key.reserve(kKeyBytes + 1);
  key.append(id).append("_").append(encoded);
  key.append("_").append(key_checksum(std::string_view(key).substr(0, kKeyBytes - kChecksumCharacters - 1)));
  wipe(secret);
  wipe(encoded);
  return Secret(std::move(key));
}

std::optional<std::string> key_id_of(std::string_view key) {
  constexpr std::size_t kSecretAt = kKeyIdBytes + 1;
  constexpr std::size_t kChecksumAt = kSecretAt + kSecretCharacters + 1;
  static_assert(kChecksumAt + kChecksumCharacters == kKeyBytes);
  if (key.size() != kKeyBytes || !key.starts_with(kPrefix)) return std::nullopt;
  if (key[kKeyIdBytes] != '_' || key[kChecksumAt - 1] != '_') return std::nullopt;
  if (!is_base62(key.substr(kPrefix.size(), kKeyIdBytes - kPrefix.size()))) return std::nullopt;
  auto secret = base64url_decode(key.substr(kSecretAt, kSecretCharacters));
  if (!secret) return std::nullopt;
  wipe(*secret);
  if (key_checksum(key.substr(0, kChecksumAt - 1)) != key.substr(kChecksumAt)) return std::nullopt;
  return std::string(key.substr(0, kKeyIdBytes));
}

}  // namespace caponier::store
