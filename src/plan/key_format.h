// The form of an API key: "cap_" + 8 characters of id + "_" + 43 characters of secret (256 random bits,
// base64url) + "_" + 6 characters of checksum. The checksum lets a scanner tell a leaked key from a
// look-alike without asking anybody, and a mistyped key be refused without a look-up. docs/api-keys.md tells
// scanners.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"

namespace caponier::plan {

inline constexpr std::string_view kKeyPrefix = "cap_";
inline constexpr std::size_t kKeyIdBytes = 12;       // prefix included
inline constexpr std::size_t kKeyChecksumBytes = 7;  // "_" included
inline constexpr std::size_t kKeyBytes = 63;

// CRC-32 (IEEE 802.3) in base 62, six digits.
std::string key_checksum(std::string_view bytes);

// "cap_" and 8 random characters.
std::string make_key_id(RandomSource& random);
// `random_bytes`: 32 of them.
Secret make_key(std::string_view id, std::string_view random_bytes);

// The eight characters of an id behind "cap_" as a number; nullopt: it is none.
std::optional<std::uint64_t> key_number(std::string_view id);
// The same of a whole key whose form is right but for its secret and its checksum, of which has_checksum()
// speaks.
std::optional<std::uint64_t> key_number_in(std::string_view key);
bool has_checksum(std::string_view key);
// Both. The number of a key if its form and its checksum are right; says nothing of whether it is known.
std::optional<std::uint64_t> key_number_of(std::string_view key);

}  // namespace caponier::plan
