// Fetches a secret from where its reference says it is. Errors name the place and never what is there.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/secret_reference.h"

namespace caponier::store {

inline constexpr std::size_t kSecretBytesMax = std::size_t{64} * 1024;

// Without the line feed that editors put at the end. A file that others can read is refused, and so is a
// secret that is empty.
Result<Secret, std::string> read_secret(const SecretReference& reference);

// Of the state directory: 32 random bytes in hexadecimal, made (0600) when nobody has yet.
inline constexpr std::string_view kAdminTokenFile = "admin.token";
Result<Secret, std::string> own_secret(const std::string& path, RandomSource& random);

}  // namespace caponier::store
