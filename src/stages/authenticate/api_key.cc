#include "stages/authenticate/api_key.h"

#include <openssl/evp.h>

#include "base/bytes.h"

namespace caponier::stages {
namespace {

bool digest_of(std::string_view text, plan::KeyDigest& digest) {
  unsigned int length = 0;
  return EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) == 1 &&
         length == digest.size();
}

}  // namespace

PresentedKey presented_key(const http::RequestHead& head, const plan::Scheme& scheme, std::int64_t now_s) {
  PresentedKey result;
  const http::Header* found = nullptr;
  for (const http::Header& header : head.headers) {
    if (!equals_ignore_case(header.name, scheme.header_name)) continue;
    result.presented = true;
    if (found != nullptr) {
      result.reason = Reason::kCredentialRepeated;
      return result;
    }
    found = &header;
  }
  if (found == nullptr) return result;
  if (found->value.empty() || found->value.size() > kApiKeyBytesMax) {
    result.reason = Reason::kCredentialMalformed;
    return result;
  }
  plan::KeyDigest digest{};
  if (!scheme.keys || !digest_of(found->value, digest)) return result;
  const plan::ApiKey* key = scheme.keys->find(digest);
  if (key == nullptr) return result;
  if (key->expires_at_s != 0 && now_s >= key->expires_at_s) {
    result.reason = Reason::kKeyExpired;
    return result;
  }
  result.key = key;
  return result;
}

}  // namespace caponier::stages
