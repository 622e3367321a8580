#include "stages/match/published.h"

#include <utility>

namespace caponier::stages {
namespace {

constexpr std::uint32_t bit(http::Method method) {
  return 1U << static_cast<unsigned>(method);
}

}  // namespace

std::optional<Verdict<Matched>> published(const State& state, const Exchange& exchange) {
  const auto& token = exchange.plan->identity_token;
  if (!token || exchange.head->path != token->jwks_path || !token->publishes_at(exchange.peer->listener))
    return std::nullopt;
  if (exchange.head->method != http::Method::kGet && exchange.head->method != http::Method::kHead) {
    Denial denial =
        deny(Reason::kMethodUndeclared, "match", "published keys are only read", token->where.text);
    denial.allowed_methods = bit(http::Method::kGet) | bit(http::Method::kHead);
    return denial;
  }
  LocalResponse keys;
  keys.status = 200;
  keys.content_type = "application/jwk-set+json";
  keys.cache_control = "public, max-age=300";
  keys.body = state.assertions == nullptr ? plan::AssertionKeys().key_set : state.assertions->now().key_set;
  return keys;
}

}  // namespace caponier::stages
