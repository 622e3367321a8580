// How the gateway vouches for callers towards its upstreams, made of what the configuration says.
#pragma once

#include "plan/compilation.h"

namespace caponier::plan {

// Once the operations are there, whose paths the published keys must not take.
void compile_identity_token(Compilation& compilation);

}  // namespace caponier::plan
