// The client that trusted proxies tell of: the first address from the right that is not one of theirs, in the
// header that the listener names (X-Forwarded-For, or Forwarded as in RFC 7239). What stands left of it was
// written by anybody.
#pragma once

#include <optional>

#include "stages/exchange.h"
#include "stages/state.h"
#include "stages/verdict.h"

namespace caponier::stages {

// Puts that client in the place of exchange.peer, if the peer is a trusted proxy. A Denial where one of them
// says what is no address: then nobody knows who asks.
std::optional<Denial> believe_proxies(const State& state, Exchange& exchange);

}  // namespace caponier::stages
