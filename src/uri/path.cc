#include "uri/path.h"

#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "uri/escape.h"

namespace caponier::uri {
namespace {

constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// What a first look over the raw bytes tells.
struct Survey {
  std::size_t segments = 0;
  bool has_escapes = false;
};

Result<Survey, PathError> survey(std::string_view raw) {
  Survey seen;
  for (const char c : raw) {
    switch (path_class(c)) {
      case ByteClass::kPlain:
        break;
      case ByteClass::kSlash:
        ++seen.segments;
        break;
      case ByteClass::kPercent:
        seen.has_escapes = true;
        break;
      case ByteClass::kSemicolon:
        return Err(PathError::kParameter);
      case ByteClass::kBackslash:
        return Err(PathError::kBackslash);
      case ByteClass::kControl:
        return Err(PathError::kControlCharacter);
      case ByteClass::kForbidden:
        return Err(PathError::kForbiddenCharacter);
    }
  }
  return seen;
}

// One segment with escapes, decoded into the arena. Bytes that would mean something else once they stand bare
// are refused: the upstream, and whatever stands between, may decode at another time than we do.
Result<std::string_view, PathError> decode_segment(std::string_view raw, Arena& arena) {
  char* const decoded = static_cast<char*>(arena.allocate(raw.size(), 1));
  char* out = decoded;
  const char* const end = raw.data() + raw.size();
  for (const char* at = raw.data(); at != end; ++at) {
    if (*at != '%') {
      *out++ = *at;
      continue;
    }
    const int escape = read_escape(at, end);
    if (escape < 0) return Err(PathError::kBadEscape);
    const char byte = static_cast<char>(escape);
    if (byte == '/' || byte == '\\') return Err(PathError::kEncodedSlash);
    if (byte == ';') return Err(PathError::kParameter);
    if (is_control(byte)) return Err(PathError::kControlCharacter);
    *out++ = byte;
    at += 2;
  }
  const std::string_view text(decoded, static_cast<std::size_t>(out - decoded));
  if (!is_utf8(text)) return Err(PathError::kInvalidUtf8);
  return text;
}

// Never longer than what was received: a byte that is escaped here came as an escape.
std::string_view write_canonical(std::span<const std::string_view> segments, std::size_t raw_size,
                                 Arena& arena) {
  char* const canonical = static_cast<char*>(arena.allocate(raw_size, 1));
  char* out = canonical;
  for (const std::string_view segment : segments) {
    *out++ = '/';
    for (const char c : segment) {
      if (path_class(c) == ByteClass::kPlain) {
        *out++ = c;
      } else {
        out = write_escape(out, c);
      }
    }
  }
  return {canonical, static_cast<std::size_t>(out - canonical)};
}

}  // namespace

std::string_view name(PathError error) {
  switch (error) {
    case PathError::kNotAbsolute:
      return "not-absolute";
    case PathError::kEmptySegment:
      return "empty-segment";
    case PathError::kDotSegment:
      return "dot-segment";
    case PathError::kEncodedSlash:
      return "encoded-slash";
    case PathError::kBackslash:
      return "backslash";
    case PathError::kBadEscape:
      return "bad-escape";
    case PathError::kControlCharacter:
      return "control-character";
    case PathError::kInvalidUtf8:
      return "invalid-utf8";
    case PathError::kForbiddenCharacter:
      return "forbidden-character";
    case PathError::kParameter:
      return "parameter";
    case PathError::kTooManySegments:
      return "too-many-segments";
  }
  std::abort();
}

Result<Path, PathError> normalize_path(std::string_view raw, Arena& arena) {
  if (!raw.starts_with('/')) return Err(PathError::kNotAbsolute);
  const auto seen = survey(raw);
  if (!seen) return Err(seen.error());
  if (seen->segments > kPathSegmentsMax) return Err(PathError::kTooManySegments);
  const std::span<std::string_view> segments = arena.array<std::string_view>(seen->segments);
  std::string_view rest = raw;
  for (std::string_view& segment : segments) {
    rest.remove_prefix(1);
    segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    if (segment.empty() && !rest.empty()) return Err(PathError::kEmptySegment);
    if (seen->has_escapes && segment.find('%') != std::string_view::npos) {
      const auto decoded = decode_segment(segment, arena);
      if (!decoded) return Err(decoded.error());
      segment = *decoded;
    }
    if (segment == "." || segment == "..") return Err(PathError::kDotSegment);
  }
  return Path{.segments = segments,
              .canonical = seen->has_escapes ? write_canonical(segments, raw.size(), arena) : raw};
}

}  // namespace caponier::uri
