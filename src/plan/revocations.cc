#include "plan/revocations.h"

#include <openssl/sha.h>

#include <algorithm>
#include <functional>

#include "base/bytes.h"

namespace caponier::plan {
namespace {

constexpr std::array<std::string_view, kRevocationKinds> kNames = {"token-id", "token",      "subject",
                                                                   "client",   "issuer-key", "session"};

}  // namespace

std::string_view name(RevocationKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<RevocationKind> revocation_kind(std::string_view name) {
  const auto* const found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<RevocationKind>(found - kNames.begin());
}

std::string token_digest(std::string_view token) {
  const std::size_t dot = token.rfind('.');
  const bool compact = dot != std::string_view::npos && token.find('.') != dot;
  const std::string_view hashed = compact ? token.substr(0, dot) : token;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(hashed.data()), hashed.size(), digest.data());
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::size_t Revocations::Hash::operator()(const Key& key) const {
  const std::hash<std::string_view> hash;
  return hash(key.value) ^ (hash(key.issuer) * 31 + static_cast<std::size_t>(key.kind));
}

Revocations::Revocations(std::span<const Revocation> all) {
  texts_.reserve(all.size());  // never moved from here on: short texts lie within their strings
  for (const Revocation& one : all) {
    const auto& [issuer, value] = texts_.emplace_back(one.issuer, one.value);
    if (!entries_.emplace(Key{one.kind, issuer, value}, Entry{one.before_s, one.until_s}).second) continue;
    ++counts_[static_cast<std::size_t>(one.kind)];
  }
}

bool Revocations::has(const Key& key, std::int64_t issued_at_s, std::int64_t now_s) const {
  if (key.value.empty()) return false;
  const auto found = entries_.find(key);
  if (found == entries_.end()) return false;
  const Entry& entry = found->second;
  if (entry.until_s != 0 && now_s >= entry.until_s) return false;
  return entry.before_s == 0 || issued_at_s <= entry.before_s;
}

std::optional<RevocationKind> Revocations::find(const RevocableToken& token, std::int64_t now_s) const {
  using Kind = RevocationKind;
  if (entries_.empty()) return std::nullopt;
  const auto any = [this](Kind kind) { return counts_[static_cast<std::size_t>(kind)] > 0; };
  const auto named = [&](Kind kind, std::string_view value, bool of_any_issuer) {
    if (!any(kind)) return false;
    const std::int64_t issued_at_s = token.issued_at_s - token.leeway_s;
    return has({kind, token.issuer, value}, issued_at_s, now_s) ||
           (of_any_issuer && has({kind, {}, value}, issued_at_s, now_s));
  };
  if (named(Kind::kTokenId, token.token_id, false)) return Kind::kTokenId;
  if (named(Kind::kSubject, token.subject, true)) return Kind::kSubject;
  if (named(Kind::kClient, token.client_id, true)) return Kind::kClient;
  if (named(Kind::kClient, token.authorized_party, true)) return Kind::kClient;
  if (named(Kind::kIssuerKey, token.key_id, false)) return Kind::kIssuerKey;
  if (any(Kind::kSession) && has({Kind::kSession, {}, token.session_id}, 0, now_s)) return Kind::kSession;
  if (any(Kind::kToken) && !token.text.empty() &&
      has({Kind::kToken, {}, token_digest(token.text)}, token.issued_at_s, now_s))
    return Kind::kToken;
  return std::nullopt;
}

}  // namespace caponier::plan
