#include "stages/authenticate/opaque_token.h"

namespace caponier::stages {
namespace {

constexpr std::int64_t kRetryAfterS = 5;

Denial unavailable(const plan::Issuer& issuer) {
  Denial denial = refuse_credential(Reason::kIntrospectionUnavailable,
                                    issuer.rules.issuer + " did not say what the token is");
  denial.retry_after_s = kRetryAfterS;
  return denial;
}

}  // namespace

Verdict<VerifiedToken> verify_opaque(const State& state, Exchange& exchange, std::string_view token,
                                     std::uint32_t issuer, const Digest128& digest) {
  if (!exchange.introspection) return NeedIntrospection{issuer, token};
  const Introspection& said = *exchange.introspection;
  const std::uint64_t generation = state.keys->generation(issuer);
  switch (said.outcome) {
    case Introspection::Outcome::kUnavailable:
      break;
    case Introspection::Outcome::kInactive: {
      VerifiedToken nobody;
      nobody.issuer = issuer;
      nobody.digest = digest;
      remember(state, nobody, generation, said.until_s);
      return inactive();
    }
    case Introspection::Outcome::kActive: {
      VerifiedToken verified = facts_of(state, exchange, *said.claims, issuer, digest);
      remember(state, verified, generation, said.until_s);
      return verified;
    }
  }
  return unavailable(exchange.plan->issuers[issuer]);
}

}  // namespace caponier::stages
