#include "uri/path.h"

#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "base/canary.h"
#include "uri/escape.h"

namespace caponier::uri {
namespace {

// What a first look over the raw bytes tells.
struct Survey {
  std::size_t segments = 0;
  bool has_escapes = false;
};

Result<Survey, PathError> survey(std::string_view raw, bool semicolons) {
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
        if (!semicolons) return Err(PathError::kParameter);
        break;
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
Result<std::string_view, PathError> decode_segment(std::string_view raw, bool semicolons, Arena& arena) {
  const auto decoded = decode_escapes(raw, {.refused = semicolons ? "/\\" : "/\\;"}, arena);
  if (decoded) return *decoded;
  switch (decoded.error().error) {
    case EscapeError::kBadEscape:
      return Err(PathError::kBadEscape);
    case EscapeError::kRefused:
      return Err(decoded.error().byte == ';' ? PathError::kParameter : PathError::kEncodedSlash);
    case EscapeError::kControlCharacter:
      return Err(PathError::kControlCharacter);
    case EscapeError::kInvalidUtf8:
      break;
  }
  return Err(PathError::kInvalidUtf8);
}

// Never longer than what was received: a byte that is escaped here came as an escape.
std::string_view write_canonical(std::span<const std::string_view> segments, std::size_t raw_size,
                                 Arena& arena) {
  char* const canonical = static_cast<char*>(arena.allocate(raw_size, 1));
  char* out = canonical;
  for (const std::string_view segment : segments) {
    *out++ = '/';
    for (const char c : segment) {
      if (path_class(c) == ByteClass::kPlain || (canary("path-decoded-twice") && c == '%')) {
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

std::string_view keep_delimiters(const Path& path, Arena& arena) {
  std::size_t bytes = 0;
  for (const std::string_view raw : path.raw_segments) bytes += raw.size() + 1;
  char* const kept = static_cast<char*>(arena.allocate(bytes, 1));
  char* out = kept;
  for (const std::string_view raw : path.raw_segments) {
    *out++ = '/';
    const char* const end = raw.data() + raw.size();
    for (const char* at = raw.data(); at != end; ++at) {
      const int escape = *at == '%' ? read_escape(at, end) : -1;  // well-formed: it was decoded before
      if (escape < 0) {
        *out++ = *at;
        continue;
      }
      const char byte = static_cast<char>(escape);
      at += 2;
      if (is_unreserved(byte)) {
        *out++ = byte;
      } else {
        out = write_escape(out, byte);
      }
    }
  }
  return {kept, static_cast<std::size_t>(out - kept)};
}

Result<Path, PathError> normalize_path(std::string_view raw, Arena& arena, bool semicolons) {
  if (!raw.starts_with('/')) return Err(PathError::kNotAbsolute);
  const auto seen = survey(raw, semicolons);
  if (!seen) return Err(seen.error());
  if (seen->segments > kPathSegmentsMax) return Err(PathError::kTooManySegments);
  Path path;
  const std::span<std::string_view> segments = arena.array<std::string_view>(seen->segments);
  const std::span<std::string_view> received =
      seen->has_escapes ? arena.array<std::string_view>(seen->segments) : segments;
  path.segments = segments;
  path.raw_segments = received;
  std::string_view rest = raw;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    rest.remove_prefix(1);
    std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    if (segment.empty() && !rest.empty()) return Err(PathError::kEmptySegment);
    received[i] = segment;
    if (seen->has_escapes && segment.find('%') != std::string_view::npos) {
      const auto decoded = decode_segment(segment, semicolons, arena);
      if (!decoded) return Err(decoded.error());
      segment = *decoded;
    }
    if (segment == "." || segment == "..") return Err(PathError::kDotSegment);
    segments[i] = segment;
    path.has_semicolons |= semicolons && segment.find(';') != std::string_view::npos;
  }
  path.canonical = raw;
  if (seen->has_escapes) {
    path.canonical =
        path.has_semicolons ? keep_delimiters(path, arena) : write_canonical(segments, raw.size(), arena);
  }
  return path;
}

}  // namespace caponier::uri
