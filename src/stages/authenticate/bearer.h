// Tokens in the Authorization header, and nowhere else (RFC 6750, RFC 9449): from header to verified claims.
#pragma once

#include "stages/authenticate/authenticator.h"

namespace caponier::stages {

Verdict<Unit> read_bearer(Reading& reading);

}  // namespace caponier::stages
