// One JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037) as a key that verifies signatures. Private to
// this room.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "jose/key_set.h"
#include "json/document.h"

namespace caponier::jose {

inline constexpr std::size_t kKeyIdBytesMax = 256;

// Errors are sentences; see parse_key_set for what is refused.
Result<VerificationKey, std::string> read_jwk(json::Value jwk);
// The JWK's kid, or empty.
std::string jwk_id(json::Value jwk);

}  // namespace caponier::jose
