// What the admin surface answers about API keys and revocations: the same rules and the same JSON as the
// command line has. Runs on the store's thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/random.h"
#include "gateway/admin.h"
#include "plan/key_hasher.h"
#include "store/database.h"

namespace caponier::gateway {

// Whether the path is one of those below, which take who may change keys:
//   GET  /keys?after=ID&limit=N      POST /keys
//   GET  /keys/ID                    POST /keys/ID/rotate, /revoke, /expire
//   GET  /revocations                POST /revocations
//   POST /revocations/ID/remove
bool is_about_identities(std::string_view path);

// `token_lifetime_max_s`: how long a token can live that is accepted here.
AdminAnswer answer_about_identities(const store::Database& database, const plan::KeyHasher& hasher,
                                    const AdminQuestion& question, std::int64_t now_s,
                                    std::int64_t token_lifetime_max_s, RandomSource& random);

}  // namespace caponier::gateway
