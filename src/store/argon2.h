// argon2id (RFC 9106) by libargon2: the hashes of passwords. It takes tens of milliseconds and megabytes:
// never on a loop's thread.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "plan/password_users.h"

namespace caponier::store {

// False also where there is no memory for it.
bool is_password_of(const plan::PasswordHash& hash, std::string_view password);
// Of a new password, with OWASP's parameters: 19 MiB, 2 passes, 1 lane. The error is a sentence.
Result<std::string, std::string> hash_password(std::string_view password, RandomSource& random);

}  // namespace caponier::store
