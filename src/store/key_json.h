// An API key as JSON, for whoever lists keys: the command line and the admin surface say the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/keys.h"

namespace caponier::store {

// "2026-01-31T23:59:59Z"
std::string time_text(std::int64_t wall_s);

// One object: id, state, subject and what else is set; times as RFC 3339. `secret`: of a new key, shown this
// once; empty otherwise.
void append_key_json(std::string& out, const KeyRecord& key, std::int64_t now_s,
                     std::string_view secret = {});

}  // namespace caponier::store
