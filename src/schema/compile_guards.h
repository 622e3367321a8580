// Alternatives that one member tells apart: those which its value rules out need not be looked at.
#pragma once

#include "schema/program_data.h"

namespace caponier::schema {

// For every alternative that requires a property whose value must be one of some texts. The program is whole.
void add_guards(Program& program);

}  // namespace caponier::schema
