// Compiles the session schemes' logins, and sees to it that their paths are free.
#pragma once

#include <optional>

#include "plan/compilation.h"

namespace caponier::plan {

// Adds the login of `binding`, which has a session; `issuer` is an index into Plan::issuers. Index into
// Plan::logins.
std::uint32_t add_login(Compilation& compilation, const config::SchemeBinding& binding, std::uint32_t issuer,
                        std::string cookie);
// Once all operations have their routes.
void check_logins(Compilation& compilation);

}  // namespace caponier::plan
