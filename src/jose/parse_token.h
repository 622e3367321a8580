// Parsing of what is not an access token, and yet a JWS. Private to this room.
#pragma once

#include <optional>
#include <string_view>

#include "jose/token.h"

namespace caponier::jose {

// A JWT of typ "dpop+jwt" that brings its own key along, in `jwk`.
Result<UnverifiedToken, TokenError> parse_proof(std::string_view proof, const TokenLimits& limits);
// The first part of a compact JWS, undecoded.
std::optional<std::string_view> token_header(std::string_view token);

}  // namespace caponier::jose
