// Tokens that only their issuer can read (RFC 7662): what it said of them, or a Need for asking it.
#pragma once

#include <string_view>

#include "stages/authenticate/authenticator.h"
#include "stages/authenticate/token_facts.h"

namespace caponier::stages {

Verdict<VerifiedToken> verify_opaque(const State& state, Exchange& exchange, std::string_view token,
                                     std::uint32_t issuer, const Digest128& digest);

inline Denial inactive() {
  return refuse_credential(Reason::kTokenInactive, "the issuer says that the token is not active");
}

}  // namespace caponier::stages
