// The bytes of the source that a value was read from, for whoever hands a part of a document on as a text of
// its own.
#pragma once

#include <string_view>

#include "json/document.h"

namespace caponier::json {

// `value` belongs to a document that was read, not built.
std::string_view source_text(const Value& value);

}  // namespace caponier::json
