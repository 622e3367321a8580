// Whether a caller has logged in as the operation demands (RFC 9470).
#pragma once

#include <optional>

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// kStepUpNeeded, with the challenge that says what is short; nothing if the operation demands nothing.
std::optional<Denial> check_step_up(const Exchange& exchange, const plan::Operation& operation,
                                    const Principal& principal);

}  // namespace caponier::stages
