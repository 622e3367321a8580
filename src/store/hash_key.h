// The key under which API keys are hashed: from where the configuration says, or made once in the state
// directory. Beside the database is a mark of it, so that another one is told, and does not merely know
// nobody.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "base/secret_reference.h"
#include "plan/key_hasher.h"
#include "store/database.h"
#include "store/state_dir.h"

namespace caponier::store {

inline constexpr std::string_view kHashKeyFile = "api-key-hash.key";

using Hasher = std::shared_ptr<const plan::KeyHasher>;

// `reference` of kind kNone: the state directory's own.
Result<Hasher, std::string> load_hasher(const StateDir& state, const SecretReference& reference,
                                        const Database& database, RandomSource& random);

}  // namespace caponier::store
