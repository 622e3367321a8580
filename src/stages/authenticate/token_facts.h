// What is known of a token once somebody has vouched for it.
#pragma once

#include <memory>
#include <string_view>

#include "base/digest.h"
#include "stages/exchange.h"
#include "stages/state.h"

namespace caponier::stages {

struct VerifiedToken {
  std::shared_ptr<const jose::Claims> claims;
  std::uint32_t issuer = 0;  // index into Plan::issuers
  Digest128 digest;          // keyed; what logs may name
  std::uint64_t identity_hash = 0;
};

// Whom the claims speak of.
inline std::string_view subject_of(const jose::Claims& claims) {
  return claims.subject().empty() ? claims.client_id() : claims.subject();
}

VerifiedToken facts_of(const State& state, Exchange& exchange, jose::Claims claims, std::uint32_t issuer,
                       const Digest128& digest);
// For other requests, until `until_s`. `generation`: of the issuer's keys, as it was before they were read.
void remember(const State& state, const VerifiedToken& verified, std::uint64_t generation,
              std::int64_t until_s);

}  // namespace caponier::stages
