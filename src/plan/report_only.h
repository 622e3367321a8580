// `report_only`: what is judged and recorded, and not refused, while a gateway is being introduced. It covers
// what the document says about requests and answers; authentication and undeclared paths only by name, and
// framing, TLS and admission never.
#pragma once

#include "plan/compilation.h"
#include "plan/policy.h"

namespace caponier::plan {

void read_report_only(const Source& at, Members& members, Report& report);

void compile_report_only(Compilation& compilation, const Policy& policy, Operation& operation);

// Adds the operation that stands for undeclared paths, if `policy`, which holds for all, lets them pass.
void compile_undeclared(Compilation& compilation, const Policy& policy);

}  // namespace caponier::plan
