// The DPoP header of a request (RFC 9449, sections 4.3 and 8 to 9): fresh, made for this request and this
// token, by the key that the token is bound to, and never used before.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "stages/authenticate/authenticator.h"

namespace caponier::stages {

// Used proofs that a process remembers at a time; over it, no more are accepted. They have a table of their
// own, so that whoever makes many of them gets in the way of nobody else.
inline constexpr std::uint32_t kProofsRemembered = 1U << 18;

// The refusal, if there is one. `thumbprint` is that of the token's key.
std::optional<Denial> check_proof(Reading& reading, const plan::Issuer& issuer, std::string_view thumbprint,
                                  std::string_view token);

}  // namespace caponier::stages
