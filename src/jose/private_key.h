// A private key that somebody gave us, of any type that Caponier verifies: with which the gateway proves who
// it is to others. PEM, unencrypted, and good enough by the rules for public keys.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "jose/key_set.h"

namespace caponier::jose {

class PrivateKey {
 public:
  // Errors are ends of a sentence and name nothing of the key.
  static Result<PrivateKey, std::string> from_pem(std::string_view pem);

  // By its type: ES256, ES384, ES512 or EdDSA; RS256 for RSA, which everybody verifies.
  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  // A compact JWS (RFC 7515) over `claims_json`. `type` and `key_id` are members of its header; empty: left
  // out.
  [[nodiscard]] Result<std::string, std::string> sign(std::string_view type, std::string_view key_id,
                                                      std::string_view claims_json) const;

 private:
  KeyHandle key_;
  Algorithm algorithm_ = Algorithm::kES256;
};

}  // namespace caponier::jose
