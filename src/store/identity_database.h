// identity.db in the state directory: API keys (their keyed hashes) and revocations. Opened by the command
// line and by the gateway at once. Every change leaves a row in `changes`, by which a running gateway learns
// what to read again, and what to say about it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace caponier::store {

inline constexpr std::string_view kIdentityDatabase = "identity.db";
inline constexpr std::int64_t kChangesKept = 100'000;

Result<std::unique_ptr<Database>, std::string> open_identity_database(const std::string& path);

struct Change {
  std::int64_t number = 0;
  std::int64_t at_s = 0;
  std::string what;  // "key-created", "key-rotated", "key-revoked", "key-expires", "revoked"
  std::string id;    // of the key or the revocation
  std::string detail;
  std::string by;  // "command line", "admin"
};

// Within the transaction that makes the change.
Result<Unit, std::string> note_change(const Database& database, const Change& change);
// The number of the last one; 0: there was none.
Result<std::int64_t, std::string> last_change(const Database& database);
// Those after `number`, at most kChangesKept.
Result<std::vector<Change>, std::string> changes_after(const Database& database, std::int64_t number);

}  // namespace caponier::store
