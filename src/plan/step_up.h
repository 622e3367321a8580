// The member `step_up` of x-caponier: {acr: [...], amr: [...], max_age: 15m}.
#pragma once

#include <string>

#include "plan/compilation.h"
#include "plan/policy.h"

namespace caponier::plan {

void read_step_up(const Source& at, Members& members, Report& report);
// "acr gold, amr otp or hwk, within 15m".
std::string to_text(const StepUpRule& rule);
// After compile_security: who may call without a token cannot step up.
void compile_step_up(Compilation& compilation, const Policy& policy, Operation& operation);

}  // namespace caponier::plan
