// The lines of a file of API keys, read strictly: an unknown member or a repeated id is an error, not a
// guess.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/api_keys.h"

namespace caponier::store {

struct KeyLines {
  std::vector<plan::ApiKey> keys;
  std::size_t bytes = 0;  // of the text that is used: a last line that a crash tore is not
};

// Errors are "FILE:LINE: sentence" and quote nothing of the line.
Result<KeyLines, std::string> read_key_lines(std::string_view text, const std::string& file);

}  // namespace caponier::store
