// A private key of our own, ES256: for the local development issuer. Kept as PEM, 0600, by the caller.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/secret.h"
#include "jose/assertion_key.h"

namespace caponier::jose {

class SigningKey {
 public:
  static Result<SigningKey, std::string> generate();
  static Result<SigningKey, std::string> from_pem(std::string_view pem);

  [[nodiscard]] Secret to_pem() const { return key_.to_pem(); }
  [[nodiscard]] const std::string& id() const { return key_.id(); }  // RFC 7638 thumbprint
  // {"keys":[...]} with the public half.
  [[nodiscard]] std::string public_key_set() const;
  // A compact JWS over `claims_json` with typ "at+jwt".
  [[nodiscard]] Result<std::string, std::string> sign(std::string_view claims_json) const;

 private:
  explicit SigningKey(AssertionKey key) : key_(std::move(key)) {}

  AssertionKey key_;
};

}  // namespace caponier::jose
