// From a token to what is known of it: by its signature, by asking its issuer, or from an earlier request.
#pragma once

#include <span>
#include <string_view>

#include "stages/authenticate/authenticator.h"
#include "stages/authenticate/token_facts.h"

namespace caponier::stages {

// Verifies `token` against those of the Plan's issuers that `issuers` names. The signature may have been
// verified for an earlier request; issuer, audience and time are judged now.
Verdict<VerifiedToken> verify_token(const State& state, Exchange& exchange, std::string_view token,
                                    std::span<const std::uint32_t> issuers);

}  // namespace caponier::stages
