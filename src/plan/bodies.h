// Request bodies: what is judged by a schema, what is only bounded, and what cannot be judged.
#pragma once

#include "plan/compilation.h"
#include "plan/policy.h"

namespace caponier::plan {

void compile_request_body(Compilation& compilation, const openapi::Operation& declared, const Policy& policy,
                          Operation& operation);

}  // namespace caponier::plan
