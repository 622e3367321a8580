// API keys in the identity database: made, listed, rotated, revoked. What is returned when a change is
// reported is on disk. The secret of a key is returned once and kept nowhere; what is kept is its keyed hash.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "plan/known_keys.h"
#include "store/database.h"
#include "store/key_rules.h"

namespace caponier::store {

struct KeyRecord : KeyRequest {
  std::string id;
  std::int64_t created_s = 0;
  std::int64_t revoked_s = 0;
  std::string revoked_for;
  std::int64_t rotated_s = 0;
  std::int64_t last_used_s = 0;
  std::int64_t previous_until_s = 0;
  plan::KeyDigest digest{};
  plan::KeyDigest previous{};

  // "active", "expired", "revoked"
  [[nodiscard]] std::string_view state(std::int64_t now_s) const;
};

struct KeyFault {
  enum class Kind : std::uint8_t { kRefused, kNotFound, kStore };
  Kind kind = Kind::kStore;
  std::string sentence;
};

struct NewKey {
  std::string id;
  Secret key;  // shown once
};

// Who asks for a change, and when.
struct Asking {
  std::int64_t now_s = 0;
  std::string by;  // "command line", "admin"
};

Result<NewKey, KeyFault> create_key(const Database& database, const plan::KeyHasher& hasher,
                                    const KeyRequest& request, const Asking& asking, RandomSource& random);
// Another secret for the same key. The one before is accepted for `overlap_s` more.
Result<NewKey, KeyFault> rotate_key(const Database& database, const plan::KeyHasher& hasher,
                                    std::string_view id, std::int64_t overlap_s, const Asking& asking,
                                    RandomSource& random);
// For good. Of one that is revoked already, the first time stays.
Result<Unit, KeyFault> revoke_key(const Database& database, std::string_view id, std::string_view reason,
                                  const Asking& asking);
// At `at_s`, which may be now; 0: never.
Result<Unit, KeyFault> expire_key(const Database& database, std::string_view id, std::int64_t at_s,
                                  const Asking& asking);

Result<KeyRecord, KeyFault> find_key(const Database& database, std::string_view id);
// In the order of their ids, from behind `after`, at most `count_max`; until `each` returns false.
Result<Unit, std::string> list_keys(const Database& database, std::string_view after, std::int64_t count_max,
                                    const std::function<bool(const KeyRecord&)>& each);
// Times of use; one that is older than what is kept changes nothing.
struct KeyUse {
  std::string id;
  std::int64_t at_s = 0;
};
Result<Unit, std::string> note_uses(const Database& database, const std::vector<KeyUse>& uses);

}  // namespace caponier::store
