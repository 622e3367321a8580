#include "stages/authenticate/bearer.h"

#include <algorithm>

#include "base/bytes.h"
#include "stages/identity_headers.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "authenticate";
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
  return deny(reason_of(error), kStage, std::string(jose::name(error)));
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
  Denial denial =
      deny(Reason::kKeysUnavailable, kStage, "no keys of " + exchange.plan->issuers[issuer].rules.issuer);
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
  return std::move(*claims);
}

// Who a limit counts: the same subject with a fresh token is the same caller.
std::uint64_t identity_hash(const State& state, Exchange& exchange, const jose::Claims& claims,
                            const Digest128& digest) {
  const std::string& name = claims.subject.empty() ? claims.client_id : claims.subject;
  if (name.empty()) return digest.low;
  std::string& text = exchange.scratch;
  text.assign(claims.issuer)
      .append(1, '\0')
      .append(claims.subject.empty() ? "client" : "subject")
      .append(1, '\0');
  return keyed_hash(state.digest_key, text.append(name));
}

// The claims, and in the same memory what is made from them once.
VerifiedToken facts_of(jose::Claims claims, std::uint32_t issuer, const Digest128& digest) {
  struct Facts {
    jose::Claims claims;
    std::string headers;
  };
  auto facts = std::make_shared<Facts>();
  facts->claims = std::move(claims);
  {
    TextWriter headers(facts->headers);
    append_identity_headers(headers, subject_of(facts->claims), facts->claims.issuer, facts->claims.scopes);
  }
  VerifiedToken verified;
  verified.identity_headers = facts->headers;
  verified.claims = std::shared_ptr<const jose::Claims>(facts, &facts->claims);
  verified.issuer = issuer;
  verified.digest = digest;
  return verified;
}

Verdict<VerifiedToken> verify_anew(const State& state, Exchange& exchange, std::string_view token,
                                   std::span<const std::uint32_t> issuers, const Digest128& digest) {
  const auto& all = exchange.plan->issuers;
  const auto unverified = jose::parse_token(token, exchange.plan->limits.tokens);
  if (!unverified) return refuse(unverified.error());
  const auto issuer = std::ranges::find_if(
      issuers, [&all, &unverified](std::uint32_t i) { return all[i].rules.issuer == unverified->issuer; });
  if (issuer == issuers.end()) return refuse(jose::TokenError::kWrongIssuer);

  // Read before the keys: facts filed under a generation older than their keys fall early, never late.
  const std::uint64_t generation = state.keys->generation(*issuer);
  auto claims = check_signature(state, exchange, *unverified, *issuer);
  if (!claims) return std::move(claims).refusal<VerifiedToken>();
  VerifiedToken verified = facts_of(std::move(*claims), *issuer, digest);
  verified.identity_hash = identity_hash(state, exchange, *verified.claims, digest);
  // What is over already is not worth a place.
  if (!jose::check_claims(*verified.claims, all[*issuer].rules, exchange.now.wall_s())) {
    state.tokens->insert({digest, verified.claims, *issuer, state.keys->id(), generation,
                          verified.identity_hash, verified.identity_headers});
  }
  return verified;
}

// No space and no comma, each looked for by one memchr: find_first_of took half of the time in which a whole
// head is judged.
bool is_one_token(std::string_view text) {
  constexpr std::size_t kNowhere = std::string_view::npos;
  return text.find(' ') == kNowhere && text.find(',') == kNowhere && text.find('\t') == kNowhere;
}

}  // namespace

Verdict<std::string_view> presented_token(const http::RequestHead& head, const TokenLimits& limits) {
  const http::Header* found = nullptr;
  for (const http::Header& header : head.headers) {
    if (header.field != http::Field::kAuthorization) continue;
    if (found != nullptr)
      return deny(Reason::kCredentialRepeated, kStage, "more than one Authorization header");
    found = &header;
  }
  if (found == nullptr) return std::string_view();
  constexpr std::string_view kScheme = "bearer";
  std::string_view value = found->value;
  if (value.size() <= kScheme.size() || !equals_ignore_case(value.substr(0, kScheme.size()), kScheme) ||
      value[kScheme.size()] != ' ') {
    return deny(Reason::kCredentialMalformed, kStage, "Authorization is not of the Bearer scheme");
  }
  value.remove_prefix(kScheme.size());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  if (value.empty() || !is_one_token(value)) {
    return deny(Reason::kCredentialMalformed, kStage, "Authorization does not hold exactly one token");
  }
  if (value.size() > limits.token_bytes_max) {
    return deny(Reason::kCredentialMalformed, kStage, "the token is too long");
  }
  return value;
}

Verdict<VerifiedToken> verify_token(const State& state, Exchange& exchange, std::string_view token,
                                    std::span<const std::uint32_t> issuers) {
  const Digest128 digest = state.tokens->name(token);
  const std::int64_t now_s = exchange.now.wall_s();
  VerifiedToken verified;
  const CachedToken* cached = state.tokens->find(digest, state.keys->id(), now_s);
  if (cached != nullptr && cached->key_generation == state.keys->generation(cached->issuer) &&
      std::ranges::find(issuers, cached->issuer) != issuers.end()) {
    verified = {cached->claims, cached->issuer, digest, cached->identity_hash, cached->identity_headers};
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
  return verified;
}

}  // namespace caponier::stages
