#include "jose/claims.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/bytes.h"
#include "base/canary.h"
#include "jose/payload_limits.h"
#include "jose/token.h"
#include "json/write.h"

namespace caponier::jose {
namespace {

// Where doubles are exact; also far from any overflow of the sums below.
constexpr std::int64_t kTimeMax = 1LL << 53;
constexpr std::size_t kOtherClaimsMax = 32;
constexpr std::size_t kOtherClaimBytesMax = 1024;

// Each reader is true if the claim is absent or was read, false if it has the wrong type.
bool read_text(json::Value claims, std::string_view name, std::string_view& out) {
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

// As a packed list.
bool read_texts(json::Value claims, std::string_view name, std::string& out) {
  const auto value = claims.find(name);
  if (!value) return true;
  if (value->is(json::Kind::kString)) {
    Texts::append(out, value->string());
    return true;
  }
  if (!value->is(json::Kind::kArray)) return false;
  json::Value element = value->first_child();
  for (std::uint32_t i = 0; i < value->size(); ++i, element = element.next_sibling()) {
    if (!element.is(json::Kind::kString)) return false;
    Texts::append(out, element.string());
  }
  return true;
}

// As words.
bool read_scopes(json::Value claims, std::string& out) {
  std::string_view scope;
  std::string scp;
  if (!read_text(claims, "scope", scope) || !read_texts(claims, "scp", scp)) return false;
  append_words(out, scope);
  for (const std::string_view each : Texts(scp)) append_words(out, each);
  return true;
}

// RFC 7800. Absent is no confirmation; an object that binds to nothing known is one that cannot be checked.
bool read_confirmation(json::Value claims, Claims& out) {
  constexpr std::size_t kDigestBytes = 32;
  const auto value = claims.find("cnf");
  if (!value) return true;
  if (!value->is(json::Kind::kObject)) return false;
  std::string_view certificate;
  std::string_view thumbprint;
  if (!read_text(*value, "x5t#S256", certificate) || !read_text(*value, "jkt", thumbprint)) return false;
  std::size_t known = 0;
  if (!certificate.empty()) {
    const std::string digest = base64url_decode(certificate).value_or(std::string());
    if (digest.size() != kDigestBytes) return false;
    out.set(Claims::Text::kCertificateDigest, digest);
    ++known;
  }
  if (!thumbprint.empty()) {
    out.set(Claims::Text::kKeyThumbprint, thumbprint);
    ++known;
  }
  out.confirmation_unknown = known == 0 || value->size() != known;
  return true;
}

// The chain of `act` (RFC 8693, section 4.1), of which nothing but the names is kept: they are what the
// upstream is told, and only the outermost counts.
bool read_actor(json::Value claims, std::string& out) {
  constexpr int kDepthMax = 4;
  std::optional<json::Value> at = claims.find("act");
  int depth = 0;
  for (; at && depth < kDepthMax; ++depth, at = at->find("act")) {
    if (!at->is(json::Kind::kObject)) return false;
    out += depth == 0 ? "{" : ",\"act\":{";
    bool first = true;
    for (const std::string_view name : {"iss", "sub", "client_id"}) {
      std::string_view text;
      if (!read_text(*at, name, text)) return false;
      if (text.empty() || text.size() > kOtherClaimBytesMax) continue;
      out.append(first ? "\"" : ",\"").append(name).append("\":");
      json::append_string(out, text);
      first = false;
    }
    if (first) return false;
  }
  out.append(static_cast<std::size_t>(depth), '}');
  return true;
}

bool is_registered(std::string_view name) {
  for (std::string_view registered : {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "azp",
                                      "scope", "scp", "acr", "amr", "cnf", "sid"}) {
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
  std::string others;
  std::size_t count = 0;
  // First of those whose number is bounded: what a session is ended by must not be crowded out.
  const auto session = claims.find("sid");
  const auto session_text = session ? scalar_text(*session) : std::nullopt;
  if (session_text && session_text->size() <= kOtherClaimBytesMax) {
    Texts::append(others, "sid");
    Texts::append(others, *session_text);
    ++count;
  }
  json::Value key = claims.first_child();
  for (std::uint32_t i = 0; i < claims.size() && count < kOtherClaimsMax; ++i) {
    const json::Value value = key.next_sibling();
    const auto text = is_registered(key.string()) ? std::nullopt : scalar_text(value);
    if (text && text->size() <= kOtherClaimBytesMax && key.string().size() <= kOtherClaimBytesMax) {
      Texts::append(others, key.string());
      Texts::append(others, *text);
      ++count;
    }
    key = value.next_sibling();
  }
  out.set(Claims::Text::kOthers, others);
}

std::optional<std::string_view> if_present(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text;
}

// False if a member has the wrong type. `expires` stays empty if nothing is said about it.
bool read_members(json::Value root, Claims& claims, std::optional<std::int64_t>& expires) {
  using Text = Claims::Text;
  static constexpr std::array<std::pair<std::string_view, Text>, 6> kScalars = {
      {{"iss", Text::kIssuer},
       {"sub", Text::kSubject},
       {"jti", Text::kTokenId},
       {"client_id", Text::kClientId},
       {"azp", Text::kAuthorizedParty},
       {"acr", Text::kClass}}};
  for (const auto& [name, which] : kScalars) {
    std::string_view text;
    if (!read_text(root, name, text)) return false;
    claims.set(which, text);
  }
  std::optional<std::int64_t> not_before;
  std::optional<std::int64_t> issued;
  std::optional<std::int64_t> authenticated;
  std::string audiences;
  std::string scopes;
  std::string methods;
  std::string actor;
  const bool well_typed = read_texts(root, "aud", audiences) && read_scopes(root, scopes) &&
                          read_time(root, "exp", expires) && read_time(root, "nbf", not_before) &&
                          read_time(root, "iat", issued) && read_texts(root, "amr", methods) &&
                          read_time(root, "auth_time", authenticated) && read_confirmation(root, claims) &&
                          read_actor(root, actor);
  if (!well_typed) return false;
  claims.set(Text::kAudiences, audiences);
  claims.set(Text::kScopes, scopes);
  claims.set(Text::kMethods, methods);
  claims.set(Text::kActor, actor);
  claims.expires_at_s = expires.value_or(0);
  claims.not_before_s = not_before.value_or(0);
  claims.issued_at_s = issued.value_or(0);
  claims.authenticated_at_s = authenticated.value_or(0);
  read_others(root, claims);
  return true;
}

}  // namespace

void Claims::set(Text which, std::string_view text) {
  std::uint32_t& place = places_[static_cast<std::size_t>(which)];
  if (place != 0) remove(place);
  if (text.empty()) return;
  place = static_cast<std::uint32_t>(texts_.size()) + 1;
  Texts::append(texts_, text);
}

void Claims::remove(std::uint32_t& place) {
  const std::uint32_t begin = std::exchange(place, 0) - 1;
  const std::string_view text = Texts::first(std::string_view(texts_).substr(begin));
  const auto size = static_cast<std::uint32_t>(text.data() + text.size() - texts_.data()) - begin;
  texts_.erase(begin, size);
  for (std::uint32_t& other : places_) {
    if (other > begin) other -= size;
  }
}

std::string_view Claims::client_id() const {
  const std::string_view said = at(Text::kClientId);
  return said.empty() ? at(Text::kAuthorizedParty) : said;
}

std::optional<std::string_view> Claims::text(std::string_view claim) const {
  if (claim == "iss") return if_present(issuer());
  if (claim == "sub") return if_present(subject());
  if (claim == "client_id") return if_present(client_id());
  if (claim == "azp") return if_present(at(Text::kAuthorizedParty));
  if (claim == "jti") return if_present(token_id());
  if (claim == "acr") return if_present(authentication_class());
  if (claim == "aud") return audiences().size() == 1 ? if_present(audiences().front()) : std::nullopt;
  const Texts all = others();
  for (auto at = all.begin(); at != all.end(); ++at) {
    const std::string_view name = *at++;
    if (name == claim) return *at;
  }
  return std::nullopt;
}

Result<Claims, TokenError> read_claims(const UnverifiedToken& token, const TokenLimits& limits) {
  json::Document document;
  const auto root = document.read(token.payload, payload_limits(limits));
  if (!root || !root->is(json::Kind::kObject)) return Err(TokenError::kMalformed);
  Claims claims;
  claims.reserve(token.payload.size());
  claims.set(Claims::Text::kKeyId, token.key_id);
  std::optional<std::int64_t> expires;
  if (!read_members(*root, claims, expires) || !expires) return Err(TokenError::kMissingClaim);
  return claims;
}

namespace {

// RFC 7662 answers about whatever token the issuer knows. Servers say in one of these that it is a refresh
// token or an ID token; those are no credential here.
bool is_access_token(json::Value root) {
  for (const std::string_view name : {"token_type", "token_use", "typ"}) {
    const auto value = root.find(name);
    if (!value || !value->is(json::Kind::kString)) continue;
    for (const std::string_view other : {"refresh", "refresh_token", "offline", "id", "id_token"})
      if (equals_ignore_case(value->string(), other)) return false;
  }
  return true;
}

Result<Introspected, TokenError> read_introspected(json::Value root) {
  const auto active = root.find("active");
  if (!active || !active->is(json::Kind::kBoolean)) return Err(TokenError::kMissingClaim);
  Introspected said;
  said.active = active->boolean() && is_access_token(root);
  if (!said.active) return said;
  std::optional<std::int64_t> expires;
  if (!read_members(root, said.claims, expires)) return Err(TokenError::kMissingClaim);
  said.claims.introspected = true;
  said.expires = expires.has_value();
  return said;
}

}  // namespace

Result<Introspected, TokenError> read_introspection(std::string_view json, const TokenLimits& limits) {
  json::Document document;
  const auto root = document.read(json, payload_limits(limits));
  if (!root || !root->is(json::Kind::kObject)) return Err(TokenError::kMalformed);
  return read_introspected(*root);
}

Result<Introspected, TokenError> read_introspection(const UnverifiedToken& answer,
                                                    const IntrospectionRules& rules, std::int64_t now_s,
                                                    const TokenLimits& limits) {
  json::Document document;
  const auto root = document.read(answer.payload, payload_limits(limits));
  if (!root || !root->is(json::Kind::kObject)) return Err(TokenError::kMalformed);
  std::string_view issuer;
  std::string audiences;
  std::optional<std::int64_t> issued;
  if (!read_text(*root, "iss", issuer) || !read_texts(*root, "aud", audiences) ||
      !read_time(*root, "iat", issued) || !issued) {
    return Err(TokenError::kMissingClaim);
  }
  if (issuer.empty() || (issuer != rules.issuer && !canary("introspection-other-issuer")))
    return Err(TokenError::kWrongIssuer);
  if (!Texts(audiences).contains(rules.client)) return Err(TokenError::kWrongAudience);
  if (*issued > now_s + rules.leeway_s) return Err(TokenError::kNotYetValid);
  if (*issued < now_s - rules.leeway_s - rules.age_max_s) return Err(TokenError::kExpired);
  const auto said = root->find("token_introspection");
  if (!said || !said->is(json::Kind::kObject)) return Err(TokenError::kMissingClaim);
  return read_introspected(*said);
}

std::optional<TokenError> check_claims(const Claims& claims, const TokenRules& rules, std::int64_t now_s) {
  if (rules.issuer.empty() || claims.issuer() != rules.issuer) return TokenError::kWrongIssuer;
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
