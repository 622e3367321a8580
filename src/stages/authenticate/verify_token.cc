#include "stages/authenticate/verify_token.h"

#include <algorithm>
#include <optional>

#include "stages/authenticate/opaque_token.h"
#include "stages/authenticate/revoked.h"

namespace caponier::stages {
namespace {

constexpr std::int64_t kKeysRetryAfterS = 5;

Reason reason_of(jose::TokenError error) {
  switch (error) {
    case jose::TokenError::kMalformed:
      return Reason::kCredentialMalformed;
    case jose::TokenError::kUnsupportedAlgorithm:
      return Reason::kTokenAlgorithm;
    case jose::TokenError::kCriticalHeader:
      return Reason::kTokenType;
    case jose::TokenError::kWrongType:
      return Reason::kTokenType;
    case jose::TokenError::kUnknownKey:
      return Reason::kTokenUnknownKey;
    case jose::TokenError::kBadSignature:
      return Reason::kTokenSignature;
    case jose::TokenError::kWrongIssuer:
      return Reason::kTokenIssuer;
    case jose::TokenError::kWrongAudience:
      return Reason::kTokenAudience;
    case jose::TokenError::kExpired:
      return Reason::kTokenExpired;
    case jose::TokenError::kNotYetValid:
      return Reason::kTokenNotYetValid;
    case jose::TokenError::kMissingClaim:
      return Reason::kTokenClaims;
    case jose::TokenError::kTooLongLived:
      return Reason::kTokenTooLongLived;
  }
  return Reason::kCredentialMalformed;
}

Denial refuse(jose::TokenError error) {
  return refuse_credential(reason_of(error), std::string(jose::name(error)));
}

// The issuer's keys, or a Need for them; a second Need would not help.
Verdict<std::shared_ptr<const jose::KeySet>> keys_of(const State& state, Exchange& exchange,
                                                     std::uint32_t issuer) {
  std::shared_ptr<const jose::KeySet> keys = state.keys->get(issuer);
  if (keys) return keys;
  if (!exchange.keys_asked) {
    exchange.keys_asked = true;
    return NeedKeys{issuer, {}};
  }
  Denial denial = refuse_credential(Reason::kKeysUnavailable,
                                    "no keys of " + exchange.plan->issuers[issuer].rules.issuer);
  denial.retry_after_s = kKeysRetryAfterS;
  return denial;
}

Verdict<jose::Claims> check_signature(const State& state, Exchange& exchange,
                                      const jose::UnverifiedToken& token, std::uint32_t issuer) {
  const jose::AlgorithmSet& pinned = exchange.plan->issuers[issuer].rules.algorithms;
  // Before the key is looked for: an algorithm that is not pinned must not buy a fetch.
  if (!pinned.has(token.algorithm)) return refuse(jose::TokenError::kUnsupportedAlgorithm);
  auto keys = keys_of(state, exchange, issuer);
  if (!keys) return std::move(keys).refusal<jose::Claims>();
  const jose::VerificationKey* key = (*keys)->find(token.key_id, token.algorithm);
  if (key == nullptr) {
    if (exchange.keys_asked) return refuse(jose::TokenError::kUnknownKey);
    exchange.keys_asked = true;
    return NeedKeys{issuer, exchange.arena.copy(token.key_id)};
  }
  if (const auto error = jose::verify_signature(token, pinned, *key)) return refuse(*error);
  auto claims = jose::read_claims(token, exchange.plan->limits.tokens);
  if (!claims) return refuse(claims.error());
  // The key that it was, not the one that the token says: whoever stole it would say another, or none.
  claims->set(jose::Claims::Text::kKeyId, key->id);
  return std::move(*claims);
}

// Of these issuers the one that can be asked about tokens.
std::optional<std::uint32_t> introspecting(const plan::Plan& plan, std::span<const std::uint32_t> issuers) {
  const auto found = std::ranges::find_if(
      issuers, [&plan](std::uint32_t i) { return plan.issuers[i].introspection.has_value(); });
  if (found == issuers.end()) return std::nullopt;
  return *found;
}

Verdict<VerifiedToken> verify_anew(const State& state, Exchange& exchange, std::string_view token,
                                   std::span<const std::uint32_t> issuers, const Digest128& digest) {
  const auto& all = exchange.plan->issuers;
  const auto unverified = jose::parse_token(token, exchange.plan->limits.tokens);
  if (!unverified) {
    // What cannot be read here, its issuer may know.
    const auto asked = introspecting(*exchange.plan, issuers);
    const bool opaque = unverified.error() == jose::TokenError::kMalformed;
    if (asked && (opaque || all[*asked].source == plan::KeySource::kNone))
      return verify_opaque(state, exchange, token, *asked, digest);
    return refuse(unverified.error());
  }
  const auto issuer = std::ranges::find_if(
      issuers, [&all, &unverified](std::uint32_t i) { return all[i].rules.issuer == unverified->issuer; });
  if (issuer == issuers.end()) {
    const auto asked = introspecting(*exchange.plan, issuers);
    if (asked && all[*asked].source == plan::KeySource::kNone)
      return verify_opaque(state, exchange, token, *asked, digest);
    return refuse(jose::TokenError::kWrongIssuer);
  }
  if (all[*issuer].source == plan::KeySource::kNone)
    return verify_opaque(state, exchange, token, *issuer, digest);

  if (all[*issuer].access_tokens_only && !unverified->is_access_token)
    return refuse(jose::TokenError::kWrongType);

  // Read before the keys: facts filed under a generation older than their keys fall early, never late.
  const std::uint64_t generation = state.keys->generation(*issuer);
  auto claims = check_signature(state, exchange, *unverified, *issuer);
  if (!claims) return std::move(claims).refusal<VerifiedToken>();
  VerifiedToken verified = facts_of(state, exchange, std::move(*claims), *issuer, digest);
  // What is over already is not worth a place.
  if (!jose::check_claims(*verified.claims, all[*issuer].rules, exchange.now.wall_s())) {
    remember(state, verified, generation, verified.claims->expires_at_s);
  }
  return verified;
}

}  // namespace

Verdict<VerifiedToken> verify_token(const State& state, Exchange& exchange, std::string_view token,
                                    std::span<const std::uint32_t> issuers) {
  const Digest128 digest = state.tokens->name(token);
  const std::int64_t now_s = exchange.now.wall_s();
  VerifiedToken verified;
  const CachedToken* cached = state.tokens->find(digest, state.keys->id(), now_s);
  if (cached != nullptr && cached->key_generation == state.keys->generation(cached->issuer) &&
      std::ranges::find(issuers, cached->issuer) != issuers.end()) {
    if (!cached->claims) return inactive();
    verified = {cached->claims, cached->issuer, digest, cached->identity_hash};
  } else {
    auto anew = verify_anew(state, exchange, token, issuers, digest);
    if (!anew) return anew;
    verified = std::move(*anew);
  }
  // The cache knows facts. Decisions are made here, each time.
  const jose::TokenRules& rules = exchange.plan->issuers[verified.issuer].rules;
  if (const auto error = jose::check_claims(*verified.claims, rules, now_s)) return refuse(*error);
  if (!rules.audiences.empty()) {
    if (const auto error = jose::check_audience(*verified.claims, rules.audiences)) return refuse(*error);
  }
  if (state.identities != nullptr) {
    const plan::Revocations& revocations = *state.identities->now()->revocations;
    std::optional<plan::RevocationKind> kind;
    if (!revocations.empty())
      kind = revocations.find(revocable(*verified.claims, token, rules.leeway_s), now_s);
    if (kind) return refuse_credential(Reason::kTokenRevoked, "by " + std::string(plan::name(*kind)));
  }
  return verified;
}

}  // namespace caponier::stages
