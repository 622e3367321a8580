// The two halves of parse_field: one name, or a family of them. Private to this room.
#pragma once

#include <string_view>

#include "http/message.h"

namespace caponier::http {

// kOther unless `name` is a known name as a whole; every known name is a token.
Field parse_whole_name(std::string_view name);
// X-Forwarded-*, Caponier-* and the like, whatever their spelling.
Field parse_family(std::string_view name);

}  // namespace caponier::http
