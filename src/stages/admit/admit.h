// Stage admit: whether the peer may ask at all, before anything is read from its request. Budgets per address
// (IPv6 by /64) on the Limiter, and the Host allow-list, which ends DNS rebinding and requests meant for
// somebody else.
#pragma once

#include <optional>

#include "stages/exchange.h"
#include "stages/state.h"
#include "stages/verdict.h"

namespace caponier::stages {

// A new connection of `peer`: nullopt if it may go on. How many are open is counted by the gateway.
std::optional<Denial> admit_connection(const State& state, const Limits& limits, const Peer& peer,
                                       const Now& now);

// The request of a trusted proxy is that of the client it tells of: exchange.peer is that client afterwards.
// A listener that redirects admits nothing.
Verdict<Admitted> admit(const State& state, Exchange& exchange);

}  // namespace caponier::stages
