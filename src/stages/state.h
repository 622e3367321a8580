// The state that stages judge by and change: token cache, limiter, failed-authentication budget, key rings.
// Owned by the process or the worker, handed in; no stage does I/O.
#pragma once

#include "base/digest.h"
#include "plan/assertion_keys.h"
#include "plan/identity_facts.h"
#include "stages/authenticate/key_ring.h"
#include "stages/authenticate/sessions.h"
#include "stages/authenticate/token_cache.h"
#include "stages/authenticate/verified_passwords.h"
#include "stages/failures.h"
#include "stages/limit/limiter.h"

namespace caponier::stages {

struct State {
  DigestKey digest_key{};                        // secret per process
  Limiter* limiter = nullptr;                    // process-wide, exact across workers
  Limiter* proofs = nullptr;                     // process-wide: which proofs of possession were used
  KeyRing* keys = nullptr;                       // process-wide
  TokenCache* tokens = nullptr;                  // this worker's
  plan::IdentityView* identities = nullptr;      // this worker's; null: nobody has an API key
  Sessions* sessions = nullptr;                  // process-wide; null: no browser has logged in
  plan::AssertionKeyView* assertions = nullptr;  // this worker's; null: nobody is vouched for
  Failures* failed_addresses = nullptr;    // process-wide: who failed to authenticate, by where they are
  Failures* failed_identities = nullptr;   // process-wide: the same, by whom they claim to be
  VerifiedPasswords* passwords = nullptr;  // this worker's; null: each is verified anew
};

}  // namespace caponier::stages
