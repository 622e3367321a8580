// Query strings of the application/x-www-form-urlencoded kind.
#include <cstdlib>

#include "base/bytes.h"
#include "uri/escape.h"
#include "uri/path.h"

namespace caponier::uri {
namespace {

// RFC 3986 query characters; '[' and ']' as well, which every client sends bare. ';' only where the caller
// looks at it: some servers take it for '&'.
bool stands_for_itself(char c, bool semicolons) {
  const ByteClass byte = path_class(c);
  if (byte == ByteClass::kSemicolon) return semicolons;
  return byte == ByteClass::kPlain || byte == ByteClass::kSlash || c == '?' || c == '[' || c == ']';
}

// Decodes one name or value; what needs no decoding is viewed where it stands.
Result<std::string_view, QueryError> decode_component(std::string_view raw, bool semicolons, Arena& arena) {
  bool needs_decoding = false;
  for (const char c : raw) {
    if (c == '+' || c == '%') {
      needs_decoding = true;
    } else if (!stands_for_itself(c, semicolons)) {
      return Err(path_class(c) == ByteClass::kControl ? QueryError::kControlCharacter
                                                      : QueryError::kForbiddenCharacter);
    }
  }
  if (!needs_decoding) return raw;
  const auto decoded = decode_escapes(raw, {.plus_is_space = true}, arena);
  if (decoded) return *decoded;
  switch (decoded.error().error) {
    case EscapeError::kBadEscape:
      return Err(QueryError::kBadEscape);
    case EscapeError::kRefused:
      return Err(QueryError::kForbiddenCharacter);
    case EscapeError::kControlCharacter:
      return Err(QueryError::kControlCharacter);
    case EscapeError::kInvalidUtf8:
      break;
  }
  return Err(QueryError::kInvalidUtf8);
}

// Takes the next pair that is not empty off `rest`; an empty view when there is none.
std::string_view take_pair(std::string_view& rest) {
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(pair.size() == rest.size() ? pair.size() : pair.size() + 1);
    if (!pair.empty()) return pair;
  }
  return {};
}

}  // namespace

std::string_view name(QueryError error) {
  switch (error) {
    case QueryError::kBadEscape:
      return "bad-escape";
    case QueryError::kInvalidUtf8:
      return "invalid-utf8";
    case QueryError::kControlCharacter:
      return "control-character";
    case QueryError::kForbiddenCharacter:
      return "forbidden-character";
    case QueryError::kTooMany:
      return "too-many";
  }
  std::abort();
}

Result<std::span<QueryPair>, QueryError> parse_query(std::string_view raw, Arena& arena,
                                                     std::uint32_t pairs_max) {
  std::size_t count = 0;
  for (std::string_view rest = raw; !take_pair(rest).empty(); ++count) {
    if (count == pairs_max) return Err(QueryError::kTooMany);
  }
  const std::span<QueryPair> pairs = arena.array<QueryPair>(count);
  std::string_view rest = raw;
  for (QueryPair& pair : pairs) {
    const std::string_view text = take_pair(rest);
    const std::size_t equals = text.find('=');
    pair.has_equals = equals != std::string_view::npos;
    pair.value_raw = pair.has_equals ? text.substr(equals + 1) : std::string_view();
    const auto decoded_name = decode_component(text.substr(0, equals), false, arena);
    if (!decoded_name) return Err(decoded_name.error());
    const auto decoded_value = decode_component(pair.value_raw, true, arena);
    if (!decoded_value) return Err(decoded_value.error());
    pair.name = *decoded_name;
    pair.value = *decoded_value;
    pair.has_semicolon = pair.value_raw.find(';') != std::string_view::npos;
  }
  return pairs;
}

}  // namespace caponier::uri
