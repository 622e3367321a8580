// multipart/form-data (RFC 7578, RFC 2046 section 5.1), strictly: what two readers could divide or name in
// two ways is an error, never repaired. The body is here as a whole; what comes out views it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "base/limits.h"
#include "base/result.h"
#include "http/message.h"

namespace caponier::http {

struct Part {
  std::string_view name;
  std::optional<std::string_view> filename;
  std::string_view content_type;   // empty: none was sent
  std::span<const Header> others;  // header lines but Content-Disposition, -Type, -Length
  std::string_view body;
};

enum class MultipartError : std::uint8_t {
  kBoundary,   // missing in Content-Type, or one that readers could cut in two ways
  kDelimiter,  // the body does not begin with it, it is not followed by a line break, or it stands within a
               // part
  kTruncated,  // no closing delimiter
  kTrailingBytes,  // an epilogue
  kHeaderLine,     // malformed, folded, or with a control character
  kHeaderTooLong,
  kTooManyHeaders,
  kTooManyParts,
  kDisposition,       // not one form-data with one name; escapes, and "filename*"
  kFileName,          // with a path or a control character
  kTransferEncoding,  // RFC 7578 section 4.7: deprecated, and an evasion
  kRepeatedHeader,
  kLength,  // Content-Length is not the part's
};
std::string_view name(MultipartError error);

Result<std::span<const Part>, MultipartError> parse_multipart(std::string_view body,
                                                              std::string_view boundary,
                                                              const FormLimits& limits, Arena& arena);

}  // namespace caponier::http
