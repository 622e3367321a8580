// Writing JSON text: escaping that is also safe in a log line and on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace caponier::json {

// Appends `text` in quotes. Control characters, DEL, U+0080..U+009F, U+2028/9 and bidirectional controls are
// written as \u escapes; invalid UTF-8 bytes become U+FFFD. The result is one line of valid JSON, and shows
// as it is.
void append_string(std::string& out, std::string_view text);

}  // namespace caponier::json
