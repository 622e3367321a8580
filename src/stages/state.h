// The state that stages judge by and change: token cache, limiter, failed-authentication budget, key rings.
// Owned by the process or the worker, handed in; no stage does I/O.
#pragma once

#include "base/digest.h"
#include "stages/authenticate/key_ring.h"
#include "stages/authenticate/token_cache.h"
#include "stages/limit/limiter.h"

namespace caponier::stages {

struct State {
  DigestKey digest_key{};        // secret per process
  Limiter* limiter = nullptr;    // process-wide, exact across workers
  KeyRing* keys = nullptr;       // process-wide
  TokenCache* tokens = nullptr;  // this worker's
};

}  // namespace caponier::stages
