// JWS compact serialisation and JWT (RFC 7515, 7519, 8725, 9068) as functions of token, keys, rules and now.
// Nothing here fetches, caches or logs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "jose/algorithm.h"
#include "jose/claims.h"
#include "jose/key_set.h"
#include "json/document.h"

namespace caponier::jose {

enum class TokenError : std::uint8_t {
  kMalformed,             // not three base64url parts of strict JSON objects; too long; duplicate members
  kUnsupportedAlgorithm,  // none, HMAC, unknown, not pinned, or not fitting the key
  kCriticalHeader,        // any `crit`; embedded jwk, jku, x5u, x5c
  kWrongType,             // typ other than JWT or at+jwt
  kUnknownKey,
  kBadSignature,
  kWrongIssuer,
  kWrongAudience,
  kExpired,
  kNotYetValid,
  kMissingClaim,  // exp missing, or a registered claim of the wrong type
  kTooLongLived,
};
std::string_view name(TokenError error);

// What is said before the signature is checked: enough to choose an issuer and a key, and not to be trusted.
struct UnverifiedToken {
  Algorithm algorithm;
  std::string key_id;
  std::string issuer;
  std::string_view signing_input;  // views the token
  std::string signature;
  std::string payload;           // decoded
  bool is_access_token = false;  // `typ` says at+jwt (RFC 9068)
};

struct TokenRules {
  std::string issuer;
  std::vector<std::string> audiences;  // any of them suffices; empty only where the operator said so
  AlgorithmSet algorithms = default_algorithms();
  std::int64_t leeway_s = 30;
  std::int64_t lifetime_max_s = 24 * 3600;  // exp - iat (or exp - now where iat is absent)
};

Result<UnverifiedToken, TokenError> parse_token(std::string_view token, const TokenLimits& limits);
// Any signed text in compact form: the payload may be anything, and neither `typ` nor `cty` is judged. What
// would let it choose its own key or ask for an extension is refused all the same.
Result<UnverifiedToken, TokenError> parse_signed_text(std::string_view text, const TokenLimits& limits);
// kUnsupportedAlgorithm unless rules and key both allow it, then kBadSignature unless it verifies.
std::optional<TokenError> verify_signature(const UnverifiedToken& token, const AlgorithmSet& pinned,
                                           const VerificationKey& key);
// Reads the claims of a verified payload; kMalformed, kMissingClaim.
Result<Claims, TokenError> read_claims(const UnverifiedToken& token, const TokenLimits& limits);
// What an authorization server says of a token that it is shown (RFC 7662, section 2.2).
struct Introspected {
  bool active = false;   // and no refresh token or ID token, as far as the issuer says
  bool expires = false;  // claims.expires_at_s was said
  Claims claims;         // if it is active
};
// kMalformed, kMissingClaim.
Result<Introspected, TokenError> read_introspection(std::string_view json, const TokenLimits& limits);
// The same in a signed answer (RFC 9701): a JWS of typ "token-introspection+jwt".
Result<UnverifiedToken, TokenError> parse_introspection(std::string_view text, const TokenLimits& limits);
// Of an answer whose signature was verified: by this issuer, for `client` alone, made at `now_s`, give or
// take the leeway and `age_max_s`.
struct IntrospectionRules {
  std::string_view issuer;
  std::string_view client;
  std::int64_t leeway_s = 0;
  std::int64_t age_max_s = 60;
};
Result<Introspected, TokenError> read_introspection(const UnverifiedToken& answer,
                                                    const IntrospectionRules& rules, std::int64_t now_s,
                                                    const TokenLimits& limits);
// Issuer, times and lifetime. Audience apart, because it is judged per operation, also for cached tokens.
std::optional<TokenError> check_claims(const Claims& claims, const TokenRules& rules, std::int64_t now_s);
std::optional<TokenError> check_audience(const Claims& claims, std::span<const std::string> audiences);

}  // namespace caponier::jose
