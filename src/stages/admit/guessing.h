// Whoever guesses credentials has to wait, longer each time: by where they are, and apart from that by whom
// they claim to be. Signature checks and password hashes cost more than requests do, and guessing must not
// pay.
#pragma once

#include <optional>

#include "stages/exchange.h"
#include "stages/state.h"
#include "stages/verdict.h"

namespace caponier::stages {

// Before anything is verified: the address has to wait.
std::optional<Denial> refuse_guessing_address(const State& state, const Exchange& exchange);

// Charges the address, and the identity that was attempted, for a credential that was presented and is not
// valid. Where too many have failed for that identity, the refusal becomes one that tells when to try again.
// Nothing else comes of it: a credential that is valid is never asked how many were not.
void note_failed_authentication(const State& state, const Exchange& exchange, Denial& denial);

}  // namespace caponier::stages
