// Bearer tokens (RFC 6750, in the Authorization header only): from header to verified claims.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/digest.h"
#include "stages/exchange.h"
#include "stages/state.h"
#include "stages/verdict.h"

namespace caponier::stages {

struct VerifiedToken {
  std::shared_ptr<const jose::Claims> claims;
  std::uint32_t issuer = 0;  // index into Plan::issuers
  Digest128 digest;          // keyed; what logs may name
  std::uint64_t identity_hash = 0;
  std::string_view identity_headers;  // lives as long as the claims
};

// The token that the request presents; empty if it has no Authorization header.
Verdict<std::string_view> presented_token(const http::RequestHead& head, const TokenLimits& limits);

// Whom the claims speak of.
inline std::string_view subject_of(const jose::Claims& claims) {
  return claims.subject.empty() ? claims.client_id : claims.subject;
}

// Verifies `token` against those of the Plan's issuers that `issuers` names. The signature may have been
// verified for an earlier request; issuer, audience and time are judged now.
Verdict<VerifiedToken> verify_token(const State& state, Exchange& exchange, std::string_view token,
                                    std::span<const std::uint32_t> issuers);

}  // namespace caponier::stages
