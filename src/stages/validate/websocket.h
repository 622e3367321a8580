// Stage validate, the head of an operation that is a WebSocket (RFC 6455, section 4.2.1): a whole handshake,
// opened by nobody's page but those that may.
#pragma once

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// An Origin, which browsers send, must be the request's own host, or one of Plan::origins: pages of other
// sites may not use what a browser sends along by itself. Without an Origin it is no browser, and the
// credential alone decides.
Verdict<HeadDecision> validate_handshake(const Exchange& exchange, const Matched& matched);

}  // namespace caponier::stages
