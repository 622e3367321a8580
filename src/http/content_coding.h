// Content codings (RFC 9110 section 8.4.1), decoded under a bound: so many bytes, and so many times what
// came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caponier::http {

enum class Coding : std::uint8_t { kIdentity, kGzip, kDeflate };

// Nothing for a coding that is not decoded, or for several.
std::optional<Coding> parse_coding(std::string_view value);

struct InflateBounds {
  std::uint64_t bytes_max = 0;
  std::uint32_t ratio_max = 0;  // past the first kFreeBytes
};
inline constexpr std::size_t kInflateFreeBytes = std::size_t{64} * 1024;

enum class InflateError : std::uint8_t { kMalformed, kTruncated, kTrailingBytes, kTooLarge, kTooManyTimes };
std::string_view name(InflateError error);

// Decodes the whole of `encoded` into `out`, whose memory is reused; returns a view of it. kDeflate is the
// zlib format that the RFC means; what some senders mean by it is refused.
Result<std::string_view, InflateError> inflate(Coding coding, std::string_view encoded,
                                               const InflateBounds& bounds, std::string& out);

}  // namespace caponier::http
