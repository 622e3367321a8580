#include "jose/dpop.h"

#include <optional>

#include "base/bytes.h"
#include "base/canary.h"
#include "jose/jwk.h"
#include "jose/parse_token.h"
#include "jose/payload_limits.h"
#include "jose/thumbprint.h"

namespace caponier::jose {
namespace {

constexpr std::int64_t kTimeMax = 1LL << 53;

struct ProofKey {
  VerificationKey key;
  std::string thumbprint;
};

Result<ProofKey, TokenError> key_of(std::string_view proof, const TokenLimits& limits) {
  const auto encoded = token_header(proof);
  const auto text = encoded ? base64url_decode(*encoded) : std::nullopt;
  if (!text) return Err(TokenError::kMalformed);
  json::Document document;
  const auto header = document.read(*text, payload_limits(limits));
  const auto jwk = header ? header->find("jwk") : std::nullopt;
  if (!jwk || !jwk->is(json::Kind::kObject)) return Err(TokenError::kUnknownKey);
  auto key = read_jwk(*jwk);
  auto print = jwk_thumbprint(*jwk);
  if (!key || !print) return Err(TokenError::kUnknownKey);
  return ProofKey{std::move(*key), std::move(*print)};
}

// Absent: false where it is `required`.
bool read_text(json::Value claims, std::string_view name, bool required, std::string& out) {
  const auto value = claims.find(name);
  if (!value) return !required;
  if (!value->is(json::Kind::kString) || value->string().empty()) return false;
  out = value->string();
  return true;
}

Result<DpopProof, TokenError> read_claims(const std::string& payload, const TokenLimits& limits) {
  json::Document document;
  const auto claims = document.read(payload, payload_limits(limits));
  if (!claims || !claims->is(json::Kind::kObject)) return Err(TokenError::kMalformed);
  DpopProof proof;
  const auto issued = claims->find("iat");
  const bool complete =
      read_text(*claims, "jti", true, proof.id) && read_text(*claims, "htm", true, proof.method) &&
      read_text(*claims, "htu", true, proof.uri) && read_text(*claims, "nonce", false, proof.nonce) &&
      read_text(*claims, "ath", false, proof.token_digest) && issued && issued->is(json::Kind::kNumber) &&
      issued->is_integer();
  if (!complete || (proof.id.size() > kProofIdBytesMax && !canary("dpop-long-id")))
    return Err(TokenError::kMissingClaim);
  proof.issued_at_s = issued->integer();
  if (proof.issued_at_s < 0 || proof.issued_at_s > kTimeMax) return Err(TokenError::kMissingClaim);
  return proof;
}

}  // namespace

Result<DpopProof, TokenError> verify_dpop_proof(std::string_view proof, const TokenLimits& limits) {
  const auto unverified = parse_proof(proof, limits);
  if (!unverified) return Err(unverified.error());
  auto key = key_of(proof, limits);
  if (!key) return Err(key.error());
  if (const auto error = verify_signature(*unverified, all_algorithms(), key->key)) return Err(*error);
  auto result = read_claims(unverified->payload, limits);
  if (result) result->key_thumbprint = std::move(key->thumbprint);
  return result;
}

}  // namespace caponier::jose
