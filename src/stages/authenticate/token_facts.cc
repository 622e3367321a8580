#include "stages/authenticate/token_facts.h"

#include <utility>

namespace caponier::stages {
namespace {

// Who a limit counts: the same subject with a fresh token is the same caller.
std::uint64_t identity_hash(const State& state, Exchange& exchange, const jose::Claims& claims,
                            const Digest128& digest) {
  const std::string_view name = subject_of(claims);
  if (name.empty()) return digest.low;
  std::string& text = exchange.scratch;
  text.assign(claims.issuer())
      .append(1, '\0')
      .append(claims.subject().empty() ? "client" : "subject")
      .append(1, '\0');
  return keyed_hash(state.digest_key, text.append(name));
}

}  // namespace

VerifiedToken facts_of(const State& state, Exchange& exchange, jose::Claims claims, std::uint32_t issuer,
                       const Digest128& digest) {
  claims.fit();
  VerifiedToken verified;
  verified.claims = std::make_shared<const jose::Claims>(std::move(claims));
  verified.issuer = issuer;
  verified.digest = digest;
  verified.identity_hash = identity_hash(state, exchange, *verified.claims, digest);
  return verified;
}

void remember(const State& state, const VerifiedToken& verified, std::uint64_t generation,
              std::int64_t until_s) {
  state.tokens->insert({verified.digest, verified.claims, verified.issuer, state.keys->id(), generation,
                        verified.identity_hash, until_s});
}

}  // namespace caponier::stages
