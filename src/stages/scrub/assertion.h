// The signed token that tells an upstream who calls: made for each request, of facts that the stages
// established, and of nothing that a client wrote beside them.
#pragma once

#include <cstdint>

#include "stages/exchange.h"
#include "stages/state.h"

namespace caponier::stages {

// Makes exchange.assertion, where the operation's upstream is told and there is a caller to tell about. False
// if it should be there and cannot be made.
[[nodiscard]] bool vouch(const State& state, Exchange& exchange, std::int64_t now_s);

// The assertion stands in Authorization, in the place of what the client sent.
bool replaces_authorization(const Exchange& exchange);

}  // namespace caponier::stages
