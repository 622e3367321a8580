// Three API keys for tests: of a robot that may read orders, of one that may do nothing, and one that has
// expired.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/texts.h"
#include "plan/identity_facts.h"
#include "plan/known_keys.h"

namespace caponier::plan {

inline constexpr std::string_view kRobotKey =
    "cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH";
inline constexpr std::string_view kPoorKey =
    "cap_poor0001_cHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHA_0DuNJB";
inline constexpr std::string_view kOldKey = "cap_old00001_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28_1eFBFd";

// What a test makes of a key; its secret is `text`.
inline std::shared_ptr<KnownKey> test_key(std::string_view text, std::string subject,
                                          const std::vector<std::string>& scopes = {},
                                          std::int64_t expires_at_s = 0) {
  auto key = std::make_shared<KnownKey>();
  key->id = text.substr(0, 12);
  key->subject = std::move(subject);
  auto rights = std::make_shared<KeyRights>();
  for (const std::string& scope : scopes) append_words(rights->scopes, scope);
  key->rights = std::move(rights);
  key->expires_at_s = expires_at_s;
  key->digest = KeyHasher("the hash key of all tests").of_key(text);
  return key;
}

// `more`: instead of those of the same ids.
inline std::shared_ptr<const IdentityFacts> test_facts(std::int64_t now_s,
                                                       std::vector<KnownKeyPtr> more = {}) {
  const KnownKeys none(std::make_shared<const KeyHasher>("the hash key of all tests"));
  const std::vector<KnownKeyPtr> keys = {test_key(kRobotKey, "robot", {"orders:read"}),
                                         test_key(kPoorKey, "poor"),
                                         test_key(kOldKey, "old", {"orders:read"}, now_s)};
  auto facts = std::make_shared<IdentityFacts>();
  facts->keys = std::make_shared<const KnownKeys>(KnownKeys(none, keys), more);
  return facts;
}

}  // namespace caponier::plan
