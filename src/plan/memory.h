// How much memory one exchange may need, of all operations: the bound of a client's connection must not
// refuse what the bounds of an operation allow.
#pragma once

#include "plan/compilation.h"

namespace caponier::plan {

// Once all operations are compiled. Where the configuration says nothing, the bound follows; a bound that is
// too low for an operation is an error.
void compile_memory(Compilation& compilation);

}  // namespace caponier::plan
