// What holds for the whole Plan: accepted hosts, and what the document holds for other vendors.
#pragma once

#include "plan/compilation.h"

namespace caponier::plan {

void compile_hosts(Compilation& compilation);
// One finding per name of an extension that another product would enforce.
void report_vendor_keys(Compilation& compilation);

}  // namespace caponier::plan
