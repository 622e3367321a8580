// A private key by which the gateway vouches for a caller towards an upstream: ES256, EdDSA or RS256. Whoever
// keeps it writes it nowhere but into files of its owner alone. Signing is for any thread, and needs no
// memory of its own once a thread has signed before.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "jose/algorithm.h"
#include "jose/key_set.h"

namespace caponier::jose {

// `typ` of what it signs: no other kind of token, and nothing that Caponier accepts as a credential.
inline constexpr std::string_view kAssertionType = "caponier-identity+jwt";

class AssertionKey {
 public:
  // kES256 (P-256), kEdDSA (Ed25519) or kRS256 (2048 bits).
  static Result<AssertionKey, std::string> generate(Algorithm algorithm,
                                                    std::string_view type = kAssertionType);
  // Its type says the algorithm.
  static Result<AssertionKey, std::string> from_pem(std::string_view pem,
                                                    std::string_view type = kAssertionType);

  [[nodiscard]] Secret to_pem() const;
  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  [[nodiscard]] const std::string& id() const { return id_; }  // RFC 7638 thumbprint
  // The public half as a JWK, with `alg`, `kid` and `use`.
  [[nodiscard]] const std::string& public_jwk() const { return public_jwk_; }
  // Appends a compact JWS over `claims_json`. False if it cannot be made; `out` is then as it was.
  [[nodiscard]] bool sign(std::string_view claims_json, std::string& out) const;

 private:
  static Result<AssertionKey, std::string> finished(KeyHandle key, Algorithm algorithm,
                                                    std::string_view type);

  KeyHandle key_;
  Algorithm algorithm_ = Algorithm::kES256;
  std::string id_;
  std::string public_jwk_;
  std::string head_;  // the encoded header, and its dot
};

// "ES256", "EdDSA" or "RS256".
bool signs_assertions(Algorithm algorithm);

}  // namespace caponier::jose
