// Which words each dialect knows, and what becomes of them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "schema/compile.h"

namespace caponier::schema {

enum class KeywordKind : std::uint8_t {
  kEnforced,
  kAnnotation,
  kUnsupported,        // constrains, and is not enforced here: an error
  kForeign,            // constrains, in the other dialect: an error
  kForeignAnnotation,  // says nothing that could be enforced, in the other dialect
  kExtension,          // x-...
  kUnknown,
};

KeywordKind classify(std::string_view keyword, Dialect dialect);
// Every word that the dialect enforces or knows as an annotation.
std::vector<std::string_view> known_keywords(Dialect dialect);

}  // namespace caponier::schema
