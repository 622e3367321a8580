// Proofs of possession (RFC 9449): what a client signs, for each request, with the key that its token is
// bound to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "jose/token.h"

namespace caponier::jose {

// Of a proof whose signature has been verified with the key that it brings along. Whose key that is, which
// request is meant and whether the proof is fresh is for the caller to judge.
struct DpopProof {
  std::string key_thumbprint;  // of that key (RFC 7638, SHA-256), base64url
  std::string method;          // htm
  std::string uri;             // htu
  std::string id;              // jti
  std::string nonce;           // empty if absent
  std::string token_digest;    // ath: SHA-256 of the access token, base64url; empty if absent
  std::int64_t issued_at_s = 0;
};

inline constexpr std::size_t kProofIdBytesMax = 256;

// kMalformed, kWrongType, kCriticalHeader, kUnsupportedAlgorithm, kUnknownKey (a key that is private, weak or
// none), kBadSignature, kMissingClaim.
Result<DpopProof, TokenError> verify_dpop_proof(std::string_view proof, const TokenLimits& limits);

}  // namespace caponier::jose
