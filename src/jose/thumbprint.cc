#include "jose/thumbprint.h"

#include <openssl/evp.h>

#include "base/bytes.h"
#include "json/write.h"

namespace caponier::jose {
namespace {

std::optional<std::string_view> text_member(json::Value object, std::string_view name) {
  const auto member = object.find(name);
  if (!member || !member->is(json::Kind::kString)) return std::nullopt;
  return member->string();
}

}  // namespace

std::string sha256_base64url(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1) return {};
  return base64url_encode({reinterpret_cast<const char*>(digest), size});
}

// RFC 7638, section 3: the members that make the key, by name, without a space.
std::optional<std::string> jwk_thumbprint(json::Value jwk) {
  const auto type = text_member(jwk, "kty");
  if (!type) return std::nullopt;
  std::string text;
  for (const std::string_view name : {"crv", "e", "kty", "n", "x", "y"}) {
    const bool rsa = *type == "RSA";
    const bool needed = name == "kty" || (rsa ? name == "e" || name == "n" : name == "crv" || name == "x");
    if (!needed && (name != "y" || *type != "EC")) continue;
    const auto value = text_member(jwk, name);
    if (!value) return std::nullopt;
    text += text.empty() ? '{' : ',';
    json::append_string(text, name);
    text += ':';
    json::append_string(text, *value);
  }
  return sha256_base64url(text + "}");
}

}  // namespace caponier::jose
