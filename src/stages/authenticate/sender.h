// Whether who sends a token may: it is bound to a client certificate (RFC 8705), to a key of which each
// request brings a proof (RFC 9449), or to nothing, where its issuer may issue such tokens.
#pragma once

#include <optional>

#include "stages/authenticate/authenticator.h"
#include "stages/authenticate/authorization.h"

namespace caponier::stages {

// The refusal, if there is one. A proof counts once: it must be the last that is asked of a token.
std::optional<Denial> check_sender(Reading& reading, const jose::Claims& claims, const plan::Issuer& issuer,
                                   const Authorization& presented);

}  // namespace caponier::stages
