// Private keys as text: PEM (RFC 7468), unencrypted.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "jose/key_set.h"

namespace caponier::jose {

inline constexpr std::size_t kPrivatePemBytesMax = std::size_t{64} * 1024;

// Errors are ends of a sentence and name nothing of the key. Nobody is asked for a pass phrase.
Result<KeyHandle, std::string> read_private_pem(std::string_view pem);
// PKCS#8; empty if it cannot be made.
Secret private_pem(EVP_PKEY* key);

}  // namespace caponier::jose
