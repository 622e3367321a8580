#include "uri/style.h"

#include <algorithm>

#include "base/bytes.h"
#include "uri/escape.h"

namespace caponier::uri {
namespace {

using Pieces = std::span<std::string_view>;

// Bytes of the delimiter that stands at the front of `text`; 0 if none does. A space or a pipe cannot stand
// bare in a URL, so that its escape is the delimiter.
std::size_t delimiter_at(std::string_view text, char delimiter, Escapes escapes) {
  if (text.front() == delimiter) return 1;
  if (delimiter == ' ') {
    if (text.front() == '+' && escapes >= Escapes::kForm) return 1;
    return text.starts_with("%20") ? 3 : 0;
  }
  if (delimiter == '|') return text.starts_with("%7C") || text.starts_with("%7c") ? 3 : 0;
  return 0;
}

// The pieces between the delimiters, one more than there are of these; nothing if they are too many.
std::optional<Pieces> split(std::string_view text, char delimiter, Escapes escapes, Arena& arena) {
  std::size_t count = 1;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t bytes = delimiter_at(text.substr(i), delimiter, escapes);
    count += bytes > 0 ? 1 : 0;
    i += std::max<std::size_t>(bytes, 1);
  }
  if (count > kPiecesMax) return std::nullopt;
  const Pieces pieces = arena.array<std::string_view>(count);
  std::size_t start = 0;
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t bytes = delimiter_at(text.substr(i), delimiter, escapes);
    if (bytes > 0) {
      pieces[used++] = text.substr(start, i - start);
      start = i + bytes;
    }
    i += std::max<std::size_t>(bytes, 1);
  }
  pieces[used] = text.substr(start);
  return pieces;
}

char delimiter_of(const StyledText& text) {
  switch (text.style) {
    case Style::kLabel:
      return text.explode ? '.' : ',';
    case Style::kMatrix:
      return text.explode ? ';' : ',';
    case Style::kSpace:
      return ' ';
    case Style::kPipe:
      return '|';
    case Style::kSimple:
    case Style::kForm:
      break;
  }
  return ',';
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// ";name=value" without ";name=". The name may be escaped as the client likes.
bool take_name(std::string_view& text, std::string_view name, Arena& arena) {
  const std::size_t end = std::min(text.find('='), text.size());
  const auto given = decode_part(text.substr(0, end), Escapes::kPercent, arena);
  if (!given || *given != name) return false;
  text.remove_prefix(std::min(end + 1, text.size()));
  return true;
}

// What is left once label and matrix have had their sign, and an unexploded matrix its name.
std::optional<std::string_view> content_of(const StyledText& text, bool named, Arena& arena) {
  std::string_view rest = text.raw;
  if (text.style == Style::kLabel && !take(rest, ".")) return std::nullopt;
  if (text.style == Style::kMatrix) {
    if (!take(rest, ";")) return std::nullopt;
    if (named && !take_name(rest, text.name, arena)) return std::nullopt;
    // Behind a bare one another parameter begins.
    if (named && rest.find(';') != std::string_view::npos) return std::nullopt;
  }
  return rest;
}

std::optional<Pieces> pieces_of(const StyledText& text, bool named, Arena& arena) {
  const auto content = content_of(text, named, arena);
  if (!content) return std::nullopt;
  const auto divided = split(*content, delimiter_of(text), text.escapes, arena);
  if (!divided || text.escapes != Escapes::kNone) return divided;
  const Pieces pieces = *divided;
  // Optional white space around the members of a header's list (RFC 9110, section 5.6.1).
  for (std::string_view& piece : pieces) {
    piece.remove_prefix(std::min(piece.find_first_not_of(" \t"), piece.size()));
    piece = piece.substr(0, piece.find_last_not_of(" \t") + 1);
  }
  return pieces;
}

}  // namespace

std::optional<std::string_view> decode_part(std::string_view raw, Escapes escapes, Arena& arena) {
  if (escapes == Escapes::kNone) {
    return is_utf8(raw) ? std::optional(raw) : std::nullopt;
  }
  const bool plus = escapes >= Escapes::kForm;
  if (raw.find('%') == std::string_view::npos && !(plus && raw.find('+') != std::string_view::npos)) {
    return std::ranges::none_of(raw, is_control) && is_utf8(raw) ? std::optional(raw) : std::nullopt;
  }
  const auto decoded =
      decode_escapes(raw, {.plus_is_space = plus, .line_text = escapes == Escapes::kFormBody}, arena);
  return decoded ? std::optional(*decoded) : std::nullopt;
}

std::optional<std::span<const FormPair>> read_form(std::string_view body, std::uint32_t pairs_max,
                                                   Arena& arena) {
  // What the form's own encoding never leaves bare; ';' because some servers take it for '&'.
  const auto is_foreign = [](char c) { return c <= 0x20 || c >= 0x7F || c == ';'; };
  if (std::ranges::any_of(body, is_foreign)) return std::nullopt;
  std::size_t used = 0;
  const auto most = static_cast<std::size_t>(std::ranges::count(body, '&')) + 1;
  const std::span<FormPair> pairs = arena.array<FormPair>(std::min<std::size_t>(most, pairs_max));
  for (std::string_view rest = body; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    if (used == pairs.size()) return std::nullopt;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view raw = pair.substr(std::min(equals + 1, pair.size()));
    const auto name = decode_part(pair.substr(0, equals), Escapes::kForm, arena);
    const auto value = decode_part(raw, Escapes::kFormBody, arena);
    if (!name || !value) return std::nullopt;
    pairs[used++] = {*name, *value, raw};
  }
  return pairs.first(used);
}

std::optional<std::string_view> read_text(const StyledText& text, Arena& arena) {
  const auto content = content_of(text, true, arena);
  return content ? decode_part(*content, text.escapes, arena) : std::nullopt;
}

std::optional<std::span<const std::string_view>> read_items(const StyledText& text, Arena& arena) {
  const bool names_each = text.style == Style::kMatrix && text.explode;
  const auto pieces = pieces_of(text, !names_each, arena);
  if (!pieces) return std::nullopt;
  for (std::string_view& piece : *pieces) {
    if (names_each && !take_name(piece, text.name, arena)) return std::nullopt;
    const auto decoded = decode_part(piece, text.escapes, arena);
    if (!decoded) return std::nullopt;
    piece = *decoded;
  }
  return *pieces;
}

std::optional<std::span<const Member>> read_members(const StyledText& text, Arena& arena) {
  const auto pieces = pieces_of(text, !text.explode, arena);
  if (!pieces) return std::nullopt;
  const bool alternate = !text.explode;  // name, value, name, value
  if (alternate && pieces->size() % 2 != 0) return std::nullopt;
  const std::span<Member> members = arena.array<Member>(alternate ? pieces->size() / 2 : pieces->size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    std::string_view name = (*pieces)[alternate ? 2 * i : i];
    std::string_view value;
    if (alternate) {
      value = (*pieces)[2 * i + 1];
    } else {
      const std::size_t equals = name.find('=');
      // RFC 6570 section 3.2.7: the equals sign of an empty member of a matrix is left out.
      if (equals == std::string_view::npos && text.style != Style::kMatrix) return std::nullopt;
      value = equals == std::string_view::npos ? std::string_view() : name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const auto decoded_name = decode_part(name, text.escapes, arena);
    const auto decoded_value = decode_part(value, text.escapes, arena);
    if (!decoded_name || !decoded_value) return std::nullopt;
    members[i] = {*decoded_name, *decoded_value};
  }
  return members;
}

std::optional<std::span<const std::string_view>> read_brackets(std::string_view text, std::uint32_t keys_max,
                                                               Arena& arena) {
  const auto count = static_cast<std::size_t>(std::ranges::count(text, '['));
  if (count == 0 || count > keys_max) return std::nullopt;
  const Pieces keys = arena.array<std::string_view>(count);
  for (std::string_view& key : keys) {
    const std::size_t end = text.find(']');
    if (!text.starts_with('[') || end == std::string_view::npos || end == 1) return std::nullopt;
    key = text.substr(1, end - 1);
    if (key.find('[') != std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  return text.empty() ? std::optional<std::span<const std::string_view>>(keys) : std::nullopt;
}

}  // namespace caponier::uri
