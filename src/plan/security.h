// Who may call an operation: the alternatives of `security`, and the word `public` wherever one of them needs
// nothing.
#pragma once

#include "plan/compilation.h"
#include "plan/policy.h"
#include "plan/schemes.h"

namespace caponier::plan {

void compile_security(Compilation& compilation, Schemes& schemes, const openapi::Operation& declared,
                      const Policy& policy, Operation& operation);

// "claim equals path parameter". `template_names` are the path's parameters, in order.
void compile_owner(Compilation& compilation, const Policy& policy,
                   const std::vector<std::string>& template_names, Operation& operation);

}  // namespace caponier::plan
