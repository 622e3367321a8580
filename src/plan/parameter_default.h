// The default of a parameter. The API applies it where a request leaves the parameter out, and Caponier sends
// nothing in its place: what is checked here is that the document does not contradict itself about it.
#pragma once

#include "plan/compilation.h"

namespace caponier::plan {

// `schema` is the parameter's; its program has been compiled. Reports a default that callers could not send.
void note_default(Compilation& compilation, const Node& schema, Parameter& parameter);

}  // namespace caponier::plan
