#include "cli/lines.h"

namespace caponier::cli {

bool next_line(std::FILE* in, std::size_t bytes_max, std::string& line, bool& too_long) {
  line.clear();
  too_long = false;
  bool any = false;
  for (int c = getc_unlocked(in); c != EOF; c = getc_unlocked(in)) {
    any = true;
    if (c == '\n') break;
    if (line.size() == bytes_max) too_long = true;
    if (!too_long) line += static_cast<char>(c);
  }
  return any;
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace caponier::cli
