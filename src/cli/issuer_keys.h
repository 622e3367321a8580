// Key sets in files (`jwks_file`), judged before anything is served: which of them cannot be used, and which
// keys of the others are refused.
#pragma once

#include "base/diagnostic.h"
#include "plan/plan.h"

namespace caponier::cli {

// At the start, tokens of an issuer without keys get 503 until there are some; a reload has something to
// lose, and takes a set that cannot be used for an error.
void check_key_sets(const plan::Plan& plan, Severity unusable, Diagnostics& diagnostics);

}  // namespace caponier::cli
