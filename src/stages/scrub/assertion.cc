#include "stages/scrub/assertion.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "json/write.h"

namespace caponier::stages {
namespace {

// An upstream with a clock of its own must be able to use it at all.
constexpr std::int64_t kLeastLifetimeS = 5;

class ClaimWriter {
 public:
  explicit ClaimWriter(std::string& out) : out_(out) {}
  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    json::append_string(out_, value);
  }
  void number(std::string_view name, std::int64_t value) {
    begin(name);
    std::array<char, kDecimalDigitsMax> digits;
    const char* const end =
        write_decimal(digits.data(), static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)));
    out_.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
  }
  void json(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    out_ += value;
  }
  void list(std::string_view name, const Texts& values) {
    if (values.empty()) return;
    begin(name);
    char before = '[';
    for (const std::string_view value : values) {
      out_ += std::exchange(before, ',');
      json::append_string(out_, value);
    }
    out_ += ']';
  }

 private:
  void begin(std::string_view name) { out_.append(",\"").append(name).append("\":"); }

  std::string& out_;
};

// What is known of a token beyond its subject.
void append_token_claims(ClaimWriter& out, const jose::Claims& claims) {
  out.text("client_id", claims.client_id());
  out.text("acr", claims.authentication_class());
  out.list("amr", claims.authentication_methods());
  if (claims.authenticated_at_s > 0) out.number("auth_time", claims.authenticated_at_s);
  out.json("act", claims.actor());
}

// Nobody is vouched for beyond the end of what they presented, but for the moment that it takes to say so.
std::int64_t expiry(const plan::IdentityToken& token, const Principal& principal, std::int64_t now_s) {
  const std::int64_t latest = now_s + token.lifetime_s;
  if (!principal.claims || principal.claims->expires_at_s == 0) return latest;
  return std::min(latest, std::max(principal.claims->expires_at_s, now_s + kLeastLifetimeS));
}

const plan::UpstreamIdentity& identity_of(const Exchange& exchange) {
  return exchange.plan->upstreams[exchange.matched->operation->upstream].identity;
}

}  // namespace

bool vouch(const State& state, Exchange& exchange, std::int64_t now_s) {
  exchange.assertion.clear();
  if (!exchange.matched || !exchange.principal) return false;
  const plan::UpstreamIdentity& identity = identity_of(exchange);
  const Principal& principal = *exchange.principal;
  if (!identity.told || principal.anonymous) return true;
  if (state.assertions == nullptr || !exchange.plan->identity_token) return false;
  const plan::AssertionKeys& keys = state.assertions->now();
  if (!keys.signing) return false;

  const plan::Operation& operation = *exchange.matched->operation;
  std::string& text = exchange.scratch;
  text.assign(identity.claims);
  ClaimWriter out(text);
  out.text("sub", principal.subject);
  out.text("caller_iss", principal.issuer);
  out.text("credential", principal.credential);
  // The token's place is free until it is signed.
  out.text("scope", principal.scopes);
  exchange.assertion.clear();
  if (principal.claims) append_token_claims(out, *principal.claims);
  out.text("operation", operation.id.empty() ? operation.label : operation.id);
  out.text("request_id", exchange.request_id);
  out.text("jti", exchange.request_id);
  out.number("iat", now_s);
  out.number("exp", expiry(*exchange.plan->identity_token, principal, now_s));
  text += '}';
  return keys.signing->sign(text, exchange.assertion);
}

bool replaces_authorization(const Exchange& exchange) {
  if (exchange.assertion.empty()) return false;
  switch (identity_of(exchange).authorization) {
    case config::AuthorizationHeader::kKeep:
      return false;
    case config::AuthorizationHeader::kReplaceOpaque:
      return exchange.principal->claims && exchange.principal->claims->introspected;
    case config::AuthorizationHeader::kReplace:
      return true;
  }
  return false;
}

}  // namespace caponier::stages
