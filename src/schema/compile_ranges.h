#pragma once

#include "schema/program_data.h"

namespace caponier::schema {

// Notes which values the block, whose instructions are complete, accepts by type alone or by one comparison.
void add_ranges(const Program& program, Block& block);

}  // namespace caponier::schema
