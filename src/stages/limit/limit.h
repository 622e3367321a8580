// Stage limit: the operation's token buckets per address, credential and operation. All of them give a token
// or none does. It comes after authenticate, so that a caller is counted as who they are, and before anything
// expensive.
#pragma once

#include "stages/exchange.h"
#include "stages/state.h"
#include "stages/verdict.h"

namespace caponier::stages {

// On refusal, exchange.limit_refused says what the answer's headers tell.
Verdict<Limited> limit(const State& state, Exchange& exchange, const Matched& matched,
                       const Principal& principal);

}  // namespace caponier::stages
