// Questions that come line by line, from a file or from whoever waits for each answer.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace caponier::cli {

// Reads up to the next line feed; false at the end. Of what is longer than `bytes_max` the rest is skipped,
// and told.
bool next_line(std::FILE* in, std::size_t bytes_max, std::string& line, bool& too_long);
bool is_blank(std::string_view line);

}  // namespace caponier::cli
