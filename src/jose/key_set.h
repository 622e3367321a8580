// Public keys (RFC 7517), parsed once at load and kept as OpenSSL objects. Weak or malformed keys are refused
// and named, the rest of the set is used. Immutable once built; shared between workers by shared_ptr<const
// KeySet>.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "jose/algorithm.h"

typedef struct evp_pkey_st EVP_PKEY;

namespace caponier::jose {

struct KeyDeleter {
  void operator()(EVP_PKEY* key) const;
};
using KeyHandle = std::unique_ptr<EVP_PKEY, KeyDeleter>;

struct VerificationKey {
  std::string id;  // kid; may be empty
  KeyHandle key;
  AlgorithmSet algorithms;  // what the key's type and `alg` allow
  std::uint32_t index = 0;  // in the set's `keys`
};

struct RefusedKey {
  std::string id;           // kid or "#index"
  std::string reason;       // sentence
  std::uint32_t index = 0;  // in the set's `keys`
};

class KeySet {
 public:
  std::vector<VerificationKey> keys;
  std::vector<RefusedKey> refused;
  std::uint64_t generation = 0;  // set by whoever installs it

  // The key a token names: by kid if it has one (exactly one key may have it), else the only key that can do
  // `algorithm`. Null if there is none, or the choice would be a guess.
  [[nodiscard]] const VerificationKey* find(std::string_view id, Algorithm algorithm) const;
};

// A JWK Set document. Errors (not JSON, no usable key, too many keys) are sentences. Symmetric and private
// keys, RSA below 2048 bits, with an exponent below 65537 or the ROCA fingerprint, points off the curve,
// duplicate kids, `use` other than sig: refused by key.
Result<KeySet, std::string> parse_key_set(std::string_view json_text, const TokenLimits& limits);
// The same, but a set without a usable key is a set: its issuer has taken back all that it had.
Result<KeySet, std::string> read_key_set(std::string_view json_text, const TokenLimits& limits);
// One PEM public key or certificate.
Result<KeySet, std::string> parse_pem_key(std::string_view pem);

}  // namespace caponier::jose
