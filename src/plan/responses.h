// Responses: which statuses, media types, headers and bodies an operation declares, and how answers are held
// to them.
#pragma once

#include "plan/compilation.h"
#include "plan/policy.h"

namespace caponier::plan {

void compile_responses(Compilation& compilation, const openapi::Operation& declared, const Policy& policy,
                       Operation& operation);

}  // namespace caponier::plan
