// A name and a password in the Authorization header (RFC 7617). Verifying one is work of tens of
// milliseconds, for another thread: what was verified a moment ago is known, and whoever guesses waits before
// anything is verified.
#pragma once

#include "stages/authenticate/authenticator.h"

namespace caponier::stages {

Verdict<Unit> read_basic(Reading& reading);

}  // namespace caponier::stages
