// How keys and tokens are named by their digests.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/document.h"

namespace caponier::jose {

// SHA-256 of `text` in base64url.
std::string sha256_base64url(std::string_view text);
// Of a public key (RFC 7638, SHA-256); nullopt if a member that makes the key is missing.
std::optional<std::string> jwk_thumbprint(json::Value jwk);

}  // namespace caponier::jose
