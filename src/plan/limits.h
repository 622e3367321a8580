// How often an operation may be called.
#pragma once

#include "plan/compilation.h"
#include "plan/policy.h"

namespace caponier::plan {

// After compile_security: what is counted by credential needs one.
void compile_limits(Compilation& compilation, const Policy& policy, Operation& operation);

}  // namespace caponier::plan
