// Alternatives that one member tells apart: those which its value rules out need not be looked at.
#pragma once

#include <cstddef>

#include "schema/program_data.h"

namespace caponier::schema {

// For every alternative from `first` on that requires a property whose value must be one of some texts. The
// schemas added so far are whole.
void add_guards(Program& program, std::size_t first);

}  // namespace caponier::schema
