// Why bytes are not taken for an HTTP message: the closed list of the decoders.
#pragma once

#include <cstdint>
#include <string_view>

namespace caponier::http {

enum class DecodeError : std::uint8_t {
  kRequestLine,  // not METHOD SP TARGET SP VERSION CRLF
  kMethod,
  kTarget,       // forbidden byte, or a form that is not served (authority, asterisk)
  kVersion,      // not HTTP/1.0 or HTTP/1.1
  kHeaderName,   // empty, or not a token; whitespace before the colon
  kHeaderValue,  // control character, NUL, bare CR
  kObsoleteFolding,
  kBareLineFeed,
  kBareCarriageReturn,
  kHostMissing,
  kHostRepeated,
  kHostBad,
  kContentLengthBad,     // not digits, overflow, list, repeated
  kLengthConflict,       // Content-Length with Transfer-Encoding
  kTransferEncodingBad,  // anything but exactly "chunked", once, in HTTP/1.1
  kChunk,                // size line, extension, terminator
  kTrailer,
  kRequestLineTooLong,
  kHeaderTooLong,
  kHeadTooLong,
  kTooManyHeaders,
  kStatusLine,
  kUpgradeUnsupported,
  kExpectUnsupported,  // Expect other than 100-continue
  kPseudoHeader,      // HTTP/2: missing, repeated, unknown, behind other fields, or a scheme that is not ours
  kConnectionHeader,  // HTTP/2: a field of the connection, which has no meaning there
};
std::string_view name(DecodeError error);
// Status to answer with: 400, 414, 417, 431, 501, 505.
std::uint16_t status_for(DecodeError error);

}  // namespace caponier::http
