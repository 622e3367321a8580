// Callers who are known by the certificate of their connection, which the listener has verified.
#pragma once

#include "stages/authenticate/authenticator.h"

namespace caponier::stages {

// A certificate whose name is not allowed proves nothing; it is no refusal by itself, because a connection
// has it for whatever is sent over it.
Verdict<Unit> read_client_certificate(Reading& reading);

}  // namespace caponier::stages
