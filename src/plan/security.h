// Who may call an operation: the alternatives of `security`, and the word `public` wherever one of them needs
// nothing.
#pragma once

#include "plan/compilation.h"
#include "plan/policy.h"
#include "plan/schemes.h"

namespace caponier::plan {

void compile_security(Compilation& compilation, Schemes& schemes, const openapi::Operation& declared,
                      const Policy& policy, Operation& operation);

// By which schemes the operation's callers are judged, and what is asked of those who have no credential;
// when all schemes are known.
void settle_schemes(const Plan& plan, Operation& operation);

// An opaque token does not say whose it is: at most one issuer may be asked for an operation.
void check_introspection(Compilation& compilation, const Operation& operation);

// "claim equals path parameter". `template_names` are the path's parameters, in order.
void compile_owner(Compilation& compilation, const Policy& policy,
                   const std::vector<std::string>& template_names, Operation& operation);

}  // namespace caponier::plan
