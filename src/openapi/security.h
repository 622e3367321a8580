// Security schemes, and the requirements that name them.
#pragma once

#include <vector>

#include "base/tree.h"
#include "openapi/reader.h"

namespace caponier::openapi {

// `components.securitySchemes` into contract.schemes.
void read_schemes(Reader& reader, const Node& schemes);
// A `security` array: alternatives, each of which is a set of schemes that must all hold.
std::vector<SecurityAlternative> read_security(Reader& reader, const Node& security);

}  // namespace caponier::openapi
