// The sentences of violations. They speak of the schema only, never of what the instance holds.
#pragma once

#include <string>

#include "schema/program_data.h"

namespace caponier::schema {

// "must be a string or null"
std::string type_sentence(TypeSet types);
// What a leaf instruction demands. `too_small`: for those with two bounds, the lower one is broken.
std::string sentence(const Program& program, const Instruction& instruction, bool too_small);

}  // namespace caponier::schema
