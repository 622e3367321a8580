// By which tokens of issuers the gateway calls its upstreams, made of what the configuration says.
#pragma once

#include "plan/compilation.h"

namespace caponier::plan {

// Once the operations are there: what is exchanged must be there in each request.
void compile_upstream_tokens(Compilation& compilation);

}  // namespace caponier::plan
