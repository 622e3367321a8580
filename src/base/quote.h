// Names and values of a document or a configuration as messages show them: in quotes, shortened to 120 bytes,
// without control characters. Not for values that clients send.
#pragma once

#include <string>
#include <string_view>

namespace caponier {

std::string quote(std::string_view text);

}  // namespace caponier
