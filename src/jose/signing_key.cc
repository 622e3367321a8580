#include "jose/signing_key.h"

#include <utility>

namespace caponier::jose {
namespace {

constexpr std::string_view kType = "at+jwt";

}  // namespace

Result<SigningKey, std::string> SigningKey::generate() {
  auto key = AssertionKey::generate(Algorithm::kES256, kType);
  if (!key) return Err(key.error());
  return SigningKey(std::move(*key));
}

Result<SigningKey, std::string> SigningKey::from_pem(std::string_view pem) {
  auto key = AssertionKey::from_pem(pem, kType);
  if (!key) return Err(key.error());
  if (key->algorithm() != Algorithm::kES256) return Err<std::string>("The private key is not a P-256 key.");
  return SigningKey(std::move(*key));
}

std::string SigningKey::public_key_set() const {
  return "{\"keys\":[" + key_.public_jwk() + "]}";
}

Result<std::string, std::string> SigningKey::sign(std::string_view claims_json) const {
  std::string token;
  if (!key_.sign(claims_json, token)) return Err<std::string>("The token cannot be signed.");
  return token;
}

}  // namespace caponier::jose
