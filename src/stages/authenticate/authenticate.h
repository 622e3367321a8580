// Stage authenticate: who is calling. Every credential that the request presents must be valid, also where
// none is needed: what is presented and invalid is a 401, never anonymous. It finds which of the operation's
// alternatives the credentials satisfy; scopes are for authorize. Nothing is fetched here: unknown keys are a
// Need.
//
// A credential is judged by the operation's schemes that read it from the same place (the Authorization
// header, one API-key header); if the operation names none of them, by all of the contract's. A contract
// without any bearer scheme says nothing about Authorization: the header is ignored, and scrub does not pass
// it on.
#pragma once

#include "stages/exchange.h"
#include "stages/state.h"
#include "stages/verdict.h"

namespace caponier::stages {

// Asks for keys at most once per exchange (Exchange::keys_asked). The product views the exchange's arena.
Verdict<Principal> authenticate(const State& state, Exchange& exchange, const Matched& matched);

}  // namespace caponier::stages
