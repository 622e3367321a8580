#include "stages/authenticate/authenticate.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "stages/authenticate/api_key.h"
#include "stages/authenticate/bearer.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "authenticate";
constexpr std::size_t kAlternativesMax = 64;  // bits of Principal::alternatives; one past it never holds

bool is_bearer(const plan::Scheme& scheme) {
  return scheme.kind == plan::SchemeKind::kBearerJwt;
}

// The header that a scheme reads; an API key may stand in Authorization, too.
std::string_view place(const plan::Scheme& scheme) {
  return is_bearer(scheme) ? std::string_view("authorization") : std::string_view(scheme.header_name);
}

bool same_place(const plan::Scheme& a, const plan::Scheme& b) {
  return place(a) == place(b);
}

bool names(const plan::Operation& operation, std::size_t scheme) {
  return std::ranges::any_of(operation.alternatives, [scheme](const plan::Alternative& alternative) {
    return std::ranges::any_of(alternative.all, [scheme](const auto& r) { return r.scheme == scheme; });
  });
}

// Whether the operation's callers are judged by this scheme; see the header.
bool judges(const plan::Plan& plan, const plan::Operation& operation, std::size_t scheme) {
  if (names(operation, scheme)) return true;
  for (std::size_t other = 0; other < plan.schemes.size(); ++other) {
    if (same_place(plan.schemes[scheme], plan.schemes[other]) && names(operation, other)) return false;
  }
  return true;
}

Denial refuse(const plan::Operation& operation, Reason reason, std::string detail) {
  return deny(reason, kStage, std::move(detail), operation.security_where.text);
}

std::string_view concatenate(Arena& arena, std::string_view a, std::string_view b) {
  char* to = static_cast<char*>(arena.allocate(a.size() + b.size(), 1));
  std::memcpy(to, a.data(), a.size());
  if (!b.empty()) std::memcpy(to + a.size(), b.data(), b.size());
  return {to, a.size() + b.size()};
}

std::string_view hex_name(Arena& arena, std::string_view prefix, std::uint64_t number) {
  std::array<char, 16> digits;
  for (std::size_t i = digits.size(); i-- > 0; number >>= 4) digits[i] = "0123456789abcdef"[number & 15U];
  return concatenate(arena, prefix, {digits.data(), digits.size()});
}

// Fills in the API keys that the request presents.
std::optional<Denial> read_api_keys(const State& state, Exchange& exchange, const plan::Operation& operation,
                                    Principal& principal) {
  const plan::Plan& plan = *exchange.plan;
  if (std::ranges::all_of(plan.schemes, is_bearer)) return std::nullopt;
  const auto found = exchange.arena.array<PresentedKey>(plan.schemes.size());
  const auto keys = exchange.arena.array<const plan::ApiKey*>(plan.schemes.size());
  for (std::size_t i = 0; i < plan.schemes.size(); ++i) {
    if (is_bearer(plan.schemes[i]) || !judges(plan, operation, i)) continue;
    found[i] = presented_key(*exchange.head, plan.schemes[i], exchange.now.wall_s());
    keys[i] = found[i].key;
    if (principal.key == nullptr) principal.key = keys[i];
  }
  for (std::size_t i = 0; i < plan.schemes.size(); ++i) {
    if (!found[i].presented || found[i].key != nullptr) continue;
    bool valid_elsewhere = false;  // another scheme reads the same header and knows the key
    for (std::size_t other = 0; other < plan.schemes.size(); ++other) {
      valid_elsewhere |= keys[other] != nullptr && same_place(plan.schemes[i], plan.schemes[other]);
    }
    if (!valid_elsewhere) return refuse(operation, found[i].reason, "by the scheme " + plan.schemes[i].name);
  }
  principal.keys = keys;
  if (principal.key != nullptr) {
    principal.anonymous = false;
    principal.subject = principal.key->subject;
    principal.credential = concatenate(exchange.arena, "key:", principal.key->id);
    principal.credential_hash = keyed_hash(state.digest_key, principal.credential);
  }
  return std::nullopt;
}

// The issuers whose tokens the operation takes.
std::span<const std::uint32_t> trusted_issuers(Exchange& exchange, const plan::Operation& operation) {
  const plan::Plan& plan = *exchange.plan;
  std::size_t count = 0;
  for (const plan::Scheme& scheme : plan.schemes) count += scheme.issuers.size();
  const auto issuers = exchange.arena.array<std::uint32_t>(count);
  std::size_t used = 0;
  for (std::size_t i = 0; i < plan.schemes.size(); ++i) {
    if (!is_bearer(plan.schemes[i]) || !judges(plan, operation, i)) continue;
    for (const std::uint32_t issuer : plan.schemes[i].issuers) issuers[used++] = issuer;
  }
  return issuers.first(used);
}

// Fills in the bearer token's claims; `issuer` is the index of who made it.
Verdict<Unit> read_bearer(const State& state, Exchange& exchange, const plan::Operation& operation,
                          Principal& principal, std::uint32_t& issuer) {
  const plan::Plan& plan = *exchange.plan;
  if (std::ranges::none_of(plan.schemes, is_bearer)) return Unit{};
  auto token = presented_token(*exchange.head, plan.limits.tokens);
  if (!token) return std::move(token).refusal<Unit>();
  if (token->empty()) return Unit{};
  auto verified = verify_token(state, exchange, *token, trusted_issuers(exchange, operation));
  if (!verified) return std::move(verified).refusal<Unit>();
  issuer = verified->issuer;
  principal.claims = std::move(verified->claims);
  principal.anonymous = false;
  principal.issuer = principal.claims->issuer;
  principal.subject = subject_of(*principal.claims);
  principal.identity_headers = verified->identity_headers;
  principal.credential = hex_name(exchange.arena, "token:", verified->digest.high);
  principal.credential_hash = verified->identity_hash;
  return Unit{};
}

bool holds(const plan::Plan& plan, const plan::Alternative& alternative, const Principal& principal,
           std::uint32_t issuer) {
  return std::ranges::all_of(alternative.all, [&](const plan::Requirement& requirement) {
    const plan::Scheme& scheme = plan.schemes[requirement.scheme];
    if (!is_bearer(scheme)) {
      return requirement.scheme < principal.keys.size() && principal.keys[requirement.scheme] != nullptr;
    }
    return principal.claims && std::ranges::find(scheme.issuers, issuer) != scheme.issuers.end();
  });
}

bool has_bearer(const plan::Plan& plan, const plan::Operation& operation) {
  for (std::size_t i = 0; i < plan.schemes.size(); ++i) {
    if (is_bearer(plan.schemes[i]) && (operation.is_public || names(operation, i))) return true;
  }
  return false;
}

Verdict<Principal> judge(const State& state, Exchange& exchange, const plan::Operation& operation) {
  const plan::Plan& plan = *exchange.plan;
  Principal principal;
  // Keys first: they never need anything, so that a wrong one costs no fetch.
  if (auto refused = read_api_keys(state, exchange, operation, principal)) return std::move(*refused);
  std::uint32_t issuer = 0;
  auto bearer = read_bearer(state, exchange, operation, principal, issuer);
  if (!bearer) return std::move(bearer).refusal<Principal>();

  const std::size_t count = std::min(operation.alternatives.size(), kAlternativesMax);
  for (std::size_t i = 0; i < count; ++i) {
    if (holds(plan, operation.alternatives[i], principal, issuer))
      principal.alternatives |= std::uint64_t{1} << i;
  }
  const bool needs_nothing = operation.alternatives.empty() && operation.is_public;
  if (principal.alternatives == 0 && !needs_nothing) {
    return refuse(
        operation, Reason::kCredentialMissing,
        principal.anonymous ? "no credential was presented" : "another credential is needed as well");
  }
  return principal;
}

}  // namespace

Verdict<Principal> authenticate(const State& state, Exchange& exchange, const Matched& matched) {
  auto verdict = judge(state, exchange, *matched.operation);
  if (Denial* denial = verdict.denial()) {
    denial->where = matched.operation->security_where.text;
    denial->challenge = entry(denial->reason).status == 401 && has_bearer(*exchange.plan, *matched.operation);
  }
  return verdict;
}

}  // namespace caponier::stages
