// What holds for the whole Plan: accepted hosts, the upstream, and what the document holds for other vendors.
#pragma once

#include "plan/compilation.h"

namespace caponier::plan {

void compile_hosts(Compilation& compilation);
void compile_upstream(Compilation& compilation);
// One finding per name of an extension that another product would enforce.
void report_vendor_keys(Compilation& compilation);

}  // namespace caponier::plan
