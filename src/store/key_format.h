// The form of an API key: "cap_" + 8 characters of id + "_" + 43 characters of secret + "_" + 6 characters of
// checksum. The checksum lets a scanner tell a leaked key from a look-alike, and a mistyped key be refused
// without a look-up.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"

namespace caponier::store {

inline constexpr std::size_t kKeyIdBytes = 12;  // "cap_" included
inline constexpr std::size_t kKeyBytes = 63;

// CRC-32 (IEEE 802.3) in base 62, six digits.
std::string key_checksum(std::string_view bytes);
// "cap_" and 8 random characters.
std::string make_key_id(RandomSource& random);
Secret make_key(std::string_view id, RandomSource& random);

}  // namespace caponier::store
