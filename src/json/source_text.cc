#include "json/source_text.h"

namespace caponier::json {
namespace {

// One past the quote that ends the string whose text begins at `at`.
std::size_t string_end(std::string_view source, std::size_t at) {
  while (source[at] != '"') at += source[at] == '\\' ? 2 : 1;
  return at + 1;
}

std::size_t container_end(std::string_view source, std::size_t at) {
  std::size_t depth = 0;
  for (;;) {
    const char c = source[at++];
    if (c == '"') {
      at = string_end(source, at);
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at;
    }
  }
}

}  // namespace

std::string_view source_text(const Value& value) {
  const std::string_view source = value.document()->source();
  const std::size_t at = value.offset();
  switch (value.kind()) {
    case Kind::kNull:
      return source.substr(at, 4);
    case Kind::kBoolean:
      return source.substr(at, value.boolean() ? 4 : 5);
    case Kind::kNumber:
      return value.number_text();
    case Kind::kString:
      return source.substr(at - 1, string_end(source, at) - at + 1);
    case Kind::kArray:
    case Kind::kObject:
      return source.substr(at, container_end(source, at) - at);
  }
  return {};
}

}  // namespace caponier::json
