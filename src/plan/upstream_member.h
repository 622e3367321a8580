// The member `upstream` of x-caponier: {name, rewrite: {prefix, with}, timeout}, or a name alone.
#pragma once

#include "plan/policy_members.h"

namespace caponier::plan {

void read_upstream_member(const Source& at, Members& members, Report& report);

}  // namespace caponier::plan
