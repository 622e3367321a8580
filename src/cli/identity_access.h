// The identity database as the verbs open it: in the state directory that the options or the configuration
// name, beside a gateway that may run on it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/arguments.h"
#include "cli/system_random.h"
#include "store/hash_key.h"
#include "store/identity_database.h"
#include "store/keys.h"
#include "store/state_dir.h"

namespace caponier::cli {

inline const Option kStateDirOption{
    "--state-dir", "DIR", "where the database is; default: that of the configuration, else that of `run`"};
inline const Option kConfigOption{"--config", "FILE",
                                  "the gateway's caponier.yaml: state_dir and api_keys are read"};
inline const Option kJsonOption{"--json", "", "for programs: JSON on standard output"};

struct IdentityAccess {
  store::StateDir state;
  std::unique_ptr<store::Database> database;
  SecretReference hash_key;
  store::Asking asking;
  std::vector<std::pair<std::string, std::int64_t>> lifetimes_s;  // of tokens, by issuer of the configuration

  // How long a token of that issuer can live; of an issuer that the configuration does not know: any token.
  [[nodiscard]] std::int64_t token_lifetime_max_s(std::string_view issuer) const;
  // Only what makes secrets needs it.
  Result<store::Hasher, std::string> hasher(RandomSource& random) const {
    return store::load_hasher(state, hash_key, *database, random);
  }
};

// The state directory alone, by the same options.
Result<store::StateDir, std::string> open_state(const Arguments& arguments);

// By --state-dir and --config. The error is a sentence.
Result<IdentityAccess, std::string> open_identity(const Arguments& arguments);

// Says on standard error that no gateway runs on that directory, where none does: what is revoked in a
// mistaken one looks like a revocation that holds.
void tell_if_unserved(const IdentityAccess& access);

// "90d", "12h" in seconds; nullopt: it is no duration, or shorter than a second and not 0.
std::optional<std::int64_t> duration_s(std::string_view text);

}  // namespace caponier::cli
