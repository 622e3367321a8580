// The one judge of request paths and queries. Percent-decoding happens once, here; a path that two parties
// could read in two ways is refused, never repaired.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace caponier::uri {

enum class PathError : std::uint8_t {
  kNotAbsolute,   // does not begin with '/'
  kEmptySegment,  // "//" (a single trailing '/' is a segment of its own and stays significant)
  kDotSegment,    // ".", "..", in any spelling
  kEncodedSlash,  // %2F or %5C
  kBackslash,
  kBadEscape,           // '%' without two hexadecimal digits
  kControlCharacter,    // decoded byte below 0x20, 0x7F, NUL
  kInvalidUtf8,         // after decoding; overlong forms too
  kForbiddenCharacter,  // not allowed in a path by RFC 3986: space, any of "<>^`{|}#?[], beyond ASCII
  kParameter,           // ';' path parameters, which servers disagree about; %3B too
  kTooManySegments,
};
std::string_view name(PathError error);

inline constexpr std::uint32_t kPathSegmentsMax = 64;

struct Path {
  std::span<const std::string_view> segments;      // decoded; "/" has one empty segment, "/a/" has "a" and ""
  std::span<const std::string_view> raw_segments;  // as received
  std::string_view canonical;                      // the one spelling that goes upstream
  bool has_semicolons = false;
};

// `raw` is the path of a request target, without query. Result views `arena` and `raw`. Segments are split
// before decoding. The canonical form percent-encodes exactly what RFC 3986 pchar does not allow, upper-case
// hexadecimal. `semicolons`: the caller judges ';', because some path of its API declares parameters of the
// style matrix; otherwise it is an error.
Result<Path, PathError> normalize_path(std::string_view raw, Arena& arena, bool semicolons = false);

// The canonical form in which an encoded delimiter stays encoded ("a%2Cb" is one item, "a,b" are two): only
// what RFC 3986 calls unreserved is decoded. For paths whose segments hold lists and objects.
std::string_view keep_delimiters(const Path& path, Arena& arena);

struct QueryPair {
  std::string_view name;       // decoded
  std::string_view value;      // decoded; '+' is left as it is in `value_raw`, a space here
  std::string_view value_raw;  // as received, escapes included
  bool has_equals = false;
  bool has_semicolon = false;  // bare, in the value
};

enum class QueryError : std::uint8_t {
  kBadEscape,
  kInvalidUtf8,
  kControlCharacter,
  kForbiddenCharacter,
  kTooMany
};
std::string_view name(QueryError error);

// `raw` is what follows '?'. Empty pairs ("a=1&&b=2") are dropped. Pairs view `arena` and `raw`.
// ';' is refused in names; in values it is for the caller to refuse, because some servers take it for '&'.
// '[' and ']' may stand bare.
Result<std::span<QueryPair>, QueryError> parse_query(std::string_view raw, Arena& arena,
                                                     std::uint32_t pairs_max);

// Appends `text` percent-encoded so that only RFC 3986 unreserved characters stand for themselves.
void append_encoded(std::string& out, std::string_view text);

// Strict percent-decoding of one component; nullopt on a bad escape. Does not treat '+'.
std::optional<std::string> decode(std::string_view text);

}  // namespace caponier::uri
