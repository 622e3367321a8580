// Where requests go: the upstreams of the configuration, and which of them an operation chooses.
#pragma once

#include "plan/compilation.h"
#include "plan/policy.h"

namespace caponier::plan {

// All of them; the default is the first.
void compile_upstreams(Compilation& compilation);
// The operation's own upstream, rewriting of its path, and timeout.
void compile_operation_upstream(Compilation& compilation, const openapi::Operation& declared,
                                const Policy& policy, Operation& operation);

}  // namespace caponier::plan
