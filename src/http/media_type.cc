#include "http/media_type.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "http/characters.h"

namespace caponier::http {
namespace {

std::string_view take_token(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_class(text[length], kTokenCharacter)) ++length;
  const std::string_view token = text.substr(0, length);
  text.remove_prefix(length);
  return token;
}

// A quoted-string without its quotes. One with escapes is refused: what it means depends on who unescapes it.
std::optional<std::string_view> take_quoted(std::string_view& text) {
  text.remove_prefix(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' || (is_control(c) && c != '\t')) return std::nullopt;
    if (c != '"') continue;
    const std::string_view content = text.substr(0, i);
    text.remove_prefix(i + 1);
    return content;
  }
  return std::nullopt;
}

bool contains_ignore_case(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; at + word.size() <= text.size(); ++at) {
    if (equals_ignore_case(text.substr(at, word.size()), word)) return true;
  }
  return false;
}

constexpr std::array<std::string_view, 2> kTelling = {"boundary", "charset"};

// Whether some readers take it for a boundary or a charset, and others do not: RFC 2231 writes "boundary*"
// and "boundary*0", and some look for the word alone, in lower case first, wherever it stands. In the value
// of what is a boundary to everybody it may stand: browsers write it there.
bool is_doubtful(std::string_view attribute, std::string_view value) {
  if (attribute.find('*') != std::string_view::npos) return true;
  const auto in = [](std::string_view text) {
    return [text](std::string_view word) { return contains_ignore_case(text, word); };
  };
  const bool exact = std::ranges::find(kTelling, attribute) != kTelling.end();
  const bool telling =
      exact || equals_ignore_case(attribute, "boundary") || equals_ignore_case(attribute, "charset");
  if (!telling && std::ranges::any_of(kTelling, in(attribute))) return true;
  if (!exact && std::ranges::any_of(kTelling, in(value))) return true;
  return contains_ignore_case(value, "boundary=") || contains_ignore_case(value, "charset=");
}

}  // namespace

std::optional<MediaType> parse_media_type(std::string_view value) {
  std::string_view rest = trim(value);
  MediaType media_type;
  media_type.type = take_token(rest);
  if (media_type.type.empty() || !rest.starts_with('/')) return std::nullopt;
  rest.remove_prefix(1);
  media_type.subtype = take_token(rest);
  if (media_type.subtype.empty()) return std::nullopt;

  bool has_charset = false;
  bool has_boundary = false;
  while (!(rest = trim(rest)).empty()) {
    if (rest.front() != ';') return std::nullopt;
    rest.remove_prefix(1);
    rest = trim(rest);
    if (rest.empty() || rest.front() == ';') continue;  // RFC 9110 section 5.6.6 allows empty parameters
    const std::string_view attribute = take_token(rest);
    if (attribute.empty() || !rest.starts_with('=')) return std::nullopt;
    rest.remove_prefix(1);
    std::optional<std::string_view> content;
    if (rest.starts_with('"')) {
      content = take_quoted(rest);
    } else if (const std::string_view token = take_token(rest); !token.empty()) {
      content = token;
    }
    if (!content || is_doubtful(attribute, *content)) return std::nullopt;
    if (equals_ignore_case(attribute, "boundary")) {
      if (std::exchange(has_boundary, true)) return std::nullopt;
      media_type.boundary = *content;
    }
    if (!equals_ignore_case(attribute, "charset")) continue;
    if (has_charset) return std::nullopt;
    has_charset = true;
    media_type.charset = *content;
  }
  return media_type;
}

bool is_json(const MediaType& media_type) {
  constexpr std::string_view kSuffix = "+json";
  const std::string_view subtype = media_type.subtype;
  if (equals_ignore_case(subtype, "json")) return equals_ignore_case(media_type.type, "application");
  return subtype.size() > kSuffix.size() &&
         equals_ignore_case(subtype.substr(subtype.size() - kSuffix.size()), kSuffix);
}

bool reads_as_json(const MediaType& media_type) {
  return is_json(media_type) ||
         (equals_ignore_case(media_type.type, "text") && equals_ignore_case(media_type.subtype, "json")) ||
         (equals_ignore_case(media_type.type, "application") &&
          equals_ignore_case(media_type.subtype, "x-json"));
}

bool matches(const MediaType& range, const MediaType& media_type) {
  if (range.type == "*") return range.subtype == "*";
  if (!equals_ignore_case(range.type, media_type.type)) return false;
  return range.subtype == "*" || equals_ignore_case(range.subtype, media_type.subtype);
}

}  // namespace caponier::http
