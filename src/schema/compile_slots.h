#pragma once

#include <cstdint>
#include <span>

#include "schema/program_data.h"

namespace caponier::schema {

// Slots for names with these hashes, in their order: one for each, if some bits of the hashes tell them
// apart.
Slots add_slots(Program& program, std::span<const std::uint64_t> hashes);

}  // namespace caponier::schema
