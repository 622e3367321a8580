#include <algorithm>
#include <cmath>

#include "jose/payload_limits.h"
#include "jose/token.h"

namespace caponier::jose {
namespace {

// Where doubles are exact; also far from any overflow of the sums below.
constexpr std::int64_t kTimeMax = 1LL << 53;
constexpr std::size_t kOtherClaimsMax = 32;
constexpr std::size_t kOtherClaimBytesMax = 1024;

// Each reader is true if the claim is absent or was read, false if it has the wrong type.
bool read_text(json::Value claims, std::string_view name, std::string& out) {
  const auto value = claims.find(name);
  if (!value) return true;
  if (!value->is(json::Kind::kString)) return false;
  out = value->string();
  return true;
}

bool read_time(json::Value claims, std::string_view name, std::optional<std::int64_t>& out) {
  const auto value = claims.find(name);
  if (!value) return true;
  if (!value->is(json::Kind::kNumber)) return false;
  if (value->is_integer()) {
    out = value->integer();
    return *out >= -kTimeMax && *out <= kTimeMax;
  }
  const double seconds = value->real();
  if (!(std::fabs(seconds) <= static_cast<double>(kTimeMax))) return false;
  out = static_cast<std::int64_t>(seconds);
  return true;
}

bool read_texts(json::Value claims, std::string_view name, std::vector<std::string>& out) {
  const auto value = claims.find(name);
  if (!value) return true;
  if (value->is(json::Kind::kString)) {
    out.emplace_back(value->string());
    return true;
  }
  if (!value->is(json::Kind::kArray)) return false;
  json::Value element = value->first_child();
  for (std::uint32_t i = 0; i < value->size(); ++i, element = element.next_sibling()) {
    if (!element.is(json::Kind::kString)) return false;
    out.emplace_back(element.string());
  }
  return true;
}

void split_scopes(std::string_view text, std::vector<std::string>& out) {
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    if (space > 0) out.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
}

bool read_scopes(json::Value claims, std::vector<std::string>& out) {
  std::string scope;
  std::vector<std::string> scp;
  if (!read_text(claims, "scope", scope) || !read_texts(claims, "scp", scp)) return false;
  split_scopes(scope, out);
  for (const std::string& each : scp) split_scopes(each, out);
  return true;
}

bool is_registered(std::string_view name) {
  for (std::string_view registered :
       {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "scp"}) {
    if (name == registered) return true;
  }
  return false;
}

std::optional<std::string_view> scalar_text(json::Value value) {
  switch (value.kind()) {
    case json::Kind::kString:
      return value.string();
    case json::Kind::kNumber:
      return value.number_text();
    case json::Kind::kBoolean:
      return value.boolean() ? "true" : "false";
    default:
      return std::nullopt;
  }
}

void read_others(json::Value claims, Claims& out) {
  json::Value key = claims.first_child();
  for (std::uint32_t i = 0; i < claims.size(); ++i) {
    const json::Value value = key.next_sibling();
    const auto text = is_registered(key.string()) ? std::nullopt : scalar_text(value);
    if (text && text->size() <= kOtherClaimBytesMax && key.string().size() <= kOtherClaimBytesMax) {
      if (out.others.size() == kOtherClaimsMax) return;
      out.others.emplace_back(key.string(), *text);
    }
    key = value.next_sibling();
  }
}

bool contains(const std::vector<std::string>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

std::optional<std::string_view> if_present(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace

bool Claims::has_scope(std::string_view scope) const {
  return contains(scopes, scope);
}
bool Claims::has_audience(std::string_view audience) const {
  return contains(audiences, audience);
}

std::optional<std::string_view> Claims::text(std::string_view claim) const {
  if (claim == "iss") return if_present(issuer);
  if (claim == "sub") return if_present(subject);
  if (claim == "client_id") return if_present(client_id);
  if (claim == "jti") return if_present(token_id);
  if (claim == "aud") return audiences.size() == 1 ? if_present(audiences.front()) : std::nullopt;
  for (const auto& [name, value] : others) {
    if (name == claim) return value;
  }
  return std::nullopt;
}

Result<Claims, TokenError> read_claims(const UnverifiedToken& token, const TokenLimits& limits) {
  json::Document document;
  const auto root = document.read(token.payload, payload_limits(limits));
  if (!root || !root->is(json::Kind::kObject)) return Err(TokenError::kMalformed);

  Claims claims;
  std::optional<std::int64_t> expires;
  std::optional<std::int64_t> not_before;
  std::optional<std::int64_t> issued;
  std::string authorized_party;
  const bool well_typed =
      read_text(*root, "iss", claims.issuer) && read_text(*root, "sub", claims.subject) &&
      read_text(*root, "jti", claims.token_id) && read_text(*root, "client_id", claims.client_id) &&
      read_text(*root, "azp", authorized_party) && read_texts(*root, "aud", claims.audiences) &&
      read_scopes(*root, claims.scopes) && read_time(*root, "exp", expires) &&
      read_time(*root, "nbf", not_before) && read_time(*root, "iat", issued);
  if (!well_typed || !expires) return Err(TokenError::kMissingClaim);
  if (claims.client_id.empty()) claims.client_id = authorized_party;
  claims.expires_at_s = *expires;
  claims.not_before_s = not_before.value_or(0);
  claims.issued_at_s = issued.value_or(0);
  read_others(*root, claims);
  return claims;
}

std::optional<TokenError> check_claims(const Claims& claims, const TokenRules& rules, std::int64_t now_s) {
  if (rules.issuer.empty() || claims.issuer != rules.issuer) return TokenError::kWrongIssuer;
  if (claims.expires_at_s <= now_s - rules.leeway_s) return TokenError::kExpired;
  if (claims.not_before_s > now_s + rules.leeway_s) return TokenError::kNotYetValid;
  if (claims.issued_at_s > now_s + rules.leeway_s) return TokenError::kNotYetValid;
  const std::int64_t lifetime_from = claims.issued_at_s != 0 ? claims.issued_at_s : now_s;
  if (claims.expires_at_s - lifetime_from > rules.lifetime_max_s) return TokenError::kTooLongLived;
  return std::nullopt;
}

std::optional<TokenError> check_audience(const Claims& claims, std::span<const std::string> audiences) {
  if (audiences.empty()) return std::nullopt;
  for (const std::string& audience : audiences) {
    if (claims.has_audience(audience)) return std::nullopt;
  }
  return TokenError::kWrongAudience;
}

}  // namespace caponier::jose
