// A file of API keys, one JSON object per line: id, subject, scopes, expires_at, created_at and the SHA-256
// of the key. The key itself is printed once, when it is made. Format of a key: "cap_" + 8 characters of id +
// "_" + 43 characters (256 random bits, base64url) + "_" + 6 characters of checksum (CRC-32, base62), so that
// leak scanners can match it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "plan/api_keys.h"

namespace caponier::store {

// Errors are "FILE:LINE: sentence". A file that others can write to is refused.
Result<std::shared_ptr<const plan::ApiKeyIndex>, std::string> load_key_file(const std::string& path);

struct NewKey {
  std::string id;
  Secret key;  // shown once
};
// Appends to `path` (created 0600), fsynced before it returns. expires_at_s 0: never.
Result<NewKey, std::string> create_key(const std::string& path, std::string_view subject,
                                       const std::vector<std::string>& scopes, std::int64_t expires_at_s,
                                       std::int64_t now_s, RandomSource& random);

// The id of a key ("cap_" and 8 characters), if its form and its checksum are right; says nothing of whether
// it is known.
std::optional<std::string> key_id_of(std::string_view key);

}  // namespace caponier::store
