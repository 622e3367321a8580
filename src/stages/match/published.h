// What the gateway publishes itself, at a path that the document does not have: the keys by which an upstream
// verifies what it is told about callers.
#pragma once

#include <optional>

#include "stages/exchange.h"
#include "stages/state.h"
#include "stages/verdict.h"

namespace caponier::stages {

// Nothing if the request means something else.
std::optional<Verdict<Matched>> published(const State& state, const Exchange& exchange);

}  // namespace caponier::stages
