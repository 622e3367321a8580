#include "cli/token_judgement.h"

#include <initializer_list>
#include <utility>

#include "base/limits.h"

namespace caponier::cli {
namespace {

using jose::TokenError;
using Verdict = std::optional<TokenError>;

constexpr std::uint32_t kSignedTextBytesMax = 1024 * 1024;

Verdict judge_signature(const jose::UnverifiedToken& token, const jose::KeySet& keys,
                        const jose::AlgorithmSet& algorithms) {
  if (!algorithms.has(token.algorithm)) return TokenError::kUnsupportedAlgorithm;
  const jose::VerificationKey* key = keys.find(token.key_id, token.algorithm);
  if (key == nullptr) return TokenError::kUnknownKey;
  return jose::verify_signature(token, algorithms, *key);
}

// Issuer, times and lifetime. Whoever does not ask for an issuer takes any, or none.
Verdict judge_claims(jose::Claims claims, const std::string& issuer, const TokenDemand& demand) {
  jose::TokenRules rules;
  rules.issuer = issuer;
  if (issuer.empty()) {
    rules.issuer = "any";
    claims.set(jose::Claims::Text::kIssuer, rules.issuer);
  }
  rules.leeway_s = demand.leeway_s;
  rules.lifetime_max_s = demand.lifetime_max_s;
  return jose::check_claims(claims, rules, demand.at_s);
}

TokenCheck checked(std::string_view name, Verdict error) {
  if (!error) return {name, CheckResult::kPasses, {}};
  return {name, CheckResult::kFails, std::string(sentence_of(*error))};
}

TokenCheck not_judged(std::string_view name, std::string detail) {
  return {name, CheckResult::kNotJudged, std::move(detail)};
}

// Of the rules, only the one that is asked about.
Verdict only(Verdict error, std::initializer_list<TokenError> of) {
  for (const TokenError each : of) {
    if (error == each) return error;
  }
  return std::nullopt;
}

void check_claims(const jose::UnverifiedToken& token, const TokenDemand& demand,
                  std::vector<TokenCheck>& checks) {
  const auto claims = jose::read_claims(token, TokenLimits{});
  if (!claims) {
    checks.push_back(checked("claims", claims.error()));
    return;
  }
  checks.push_back(checked("claims", std::nullopt));
  if (demand.issuer.empty()) {
    checks.push_back(not_judged("issuer", "say --issuer"));
  } else {
    checks.push_back(checked(
        "issuer", claims->issuer() == demand.issuer ? std::nullopt : Verdict(TokenError::kWrongIssuer)));
  }
  if (demand.audiences.empty()) {
    checks.push_back(not_judged("audience", "say --audience"));
  } else {
    checks.push_back(checked("audience", jose::check_audience(*claims, demand.audiences)));
  }
  const Verdict times = judge_claims(*claims, {}, demand);
  checks.push_back(checked("times", only(times, {TokenError::kExpired, TokenError::kNotYetValid})));
  checks.push_back(checked("lifetime", only(times, {TokenError::kTooLongLived})));
}

}  // namespace

std::string_view sentence_of(TokenError error) {
  switch (error) {
    case TokenError::kMalformed:
      return "it is not three parts of base64url with strict JSON in them, or too long";
    case TokenError::kUnsupportedAlgorithm:
      return "its algorithm is none that is accepted, or not the key's";
    case TokenError::kCriticalHeader:
      return "its header brings a key of its own, or asks for an extension";
    case TokenError::kWrongType:
      return "its `typ` is neither JWT nor at+jwt, or it holds another token";
    case TokenError::kUnknownKey:
      return "none of the keys is the one that it names, or it names none and several would do";
    case TokenError::kBadSignature:
      return "its signature does not verify";
    case TokenError::kWrongIssuer:
      return "it is another issuer's";
    case TokenError::kWrongAudience:
      return "it is for another audience";
    case TokenError::kExpired:
      return "it has expired";
    case TokenError::kNotYetValid:
      return "it is not valid yet";
    case TokenError::kMissingClaim:
      return "`exp` is missing, or a registered claim has the wrong type";
    case TokenError::kTooLongLived:
      return "it lives longer than is accepted";
  }
  return "";
}

Verdict judge_token(std::string_view token, const jose::KeySet& keys, const TokenDemand& demand) {
  TokenLimits limits;
  if (demand.signature_only) {
    limits.token_bytes_max = kSignedTextBytesMax;
    const auto text = jose::parse_signed_text(token, limits);
    if (!text) return text.error();
    return judge_signature(*text, keys, demand.algorithms);
  }
  const auto parsed = jose::parse_token(token, limits);
  if (!parsed) return parsed.error();
  if (const Verdict error = judge_signature(*parsed, keys, demand.algorithms)) return error;
  const auto claims = jose::read_claims(*parsed, limits);
  if (!claims) return claims.error();
  if (const Verdict error = judge_claims(*claims, demand.issuer, demand)) return error;
  if (demand.audiences.empty()) return std::nullopt;
  return jose::check_audience(*claims, demand.audiences);
}

std::vector<TokenCheck> check_token(std::string_view token, const jose::KeySet* keys,
                                    const TokenDemand& demand) {
  std::vector<TokenCheck> checks;
  const auto parsed = jose::parse_token(token, TokenLimits{});
  if (!parsed) {
    checks.push_back(checked("form", parsed.error()));
    return checks;
  }
  checks.push_back(checked("form", std::nullopt));
  if (keys == nullptr) {
    checks.push_back(not_judged("signature", "say --keys"));
  } else {
    checks.push_back(checked("signature", judge_signature(*parsed, *keys, demand.algorithms)));
  }
  check_claims(*parsed, demand, checks);
  return checks;
}

}  // namespace caponier::cli
