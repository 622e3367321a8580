// Forms: application/x-www-form-urlencoded and multipart/form-data, property by property (OpenAPI 3.1,
// "Encoding Object").
#pragma once

#include "plan/compilation.h"

namespace caponier::plan {

// True if the form is enforced; `body.form` says which of the two it is.
bool compile_form(Compilation& compilation, const openapi::MediaTypeBody& declared, Body& body);

// A schema that says "bytes", how many at most, and nothing more.
bool says_bytes(const Node& schema);

}  // namespace caponier::plan
