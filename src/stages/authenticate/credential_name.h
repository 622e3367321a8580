// How a credential is called in records: by what tells it from others and is of no use to whoever reads it.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"

namespace caponier::stages {

// "key:cap_1a2b3c4d"; in the arena.
std::string_view credential_name(Arena& arena, std::string_view kind, std::string_view name);
// "token:0123456789abcdef".
std::string_view credential_name(Arena& arena, std::string_view kind, std::uint64_t digest);

}  // namespace caponier::stages
