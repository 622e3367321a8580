#include "http/body_length.h"

#include "base/bytes.h"
#include "base/canary.h"
#include "http/characters.h"

namespace caponier::http {
namespace {

// Nineteen digits fit 64 bits, whatever they are.
constexpr std::size_t kContentLengthDigitsMax = 19;

struct Framing {
  const Header* content_length = nullptr;
  bool chunked = false;
  std::uint64_t bytes = 0;
};

Result<std::uint64_t, DecodeError> parse_content_length(std::string_view value) {
  if (value.empty() || value.size() > kContentLengthDigitsMax) return Err(DecodeError::kContentLengthBad);
  std::uint64_t bytes = 0;
  for (char c : value) {
    if (!is_digit(c)) return Err(DecodeError::kContentLengthBad);
    bytes = bytes * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return bytes;
}

Result<Framing, DecodeError> read_framing(std::span<const Header> headers, int minor_version) {
  Framing framing;
  const Header* transfer_encoding = nullptr;
  bool repeated_length = false;
  bool repeated_coding = false;
  for (const Header& header : headers) {
    if (header.field == Field::kContentLength) {
      repeated_length = framing.content_length != nullptr;
      framing.content_length = &header;
    } else if (header.field == Field::kTransferEncoding) {
      repeated_coding = transfer_encoding != nullptr;
      transfer_encoding = &header;
    }
  }
  if (transfer_encoding != nullptr) {
    if (framing.content_length != nullptr && !canary("length-and-chunked"))
      return Err(DecodeError::kLengthConflict);
    if (repeated_coding || minor_version != 1) return Err(DecodeError::kTransferEncodingBad);
    if (!equals_ignore_case(transfer_encoding->value, "chunked"))
      return Err(DecodeError::kTransferEncodingBad);
    framing.chunked = true;
    return framing;
  }
  if (framing.content_length != nullptr) {
    if (repeated_length) return Err(DecodeError::kContentLengthBad);
    auto bytes = parse_content_length(framing.content_length->value);
    if (!bytes) return Err(bytes.error());
    framing.bytes = *bytes;
  }
  return framing;
}

}  // namespace

Result<BodyLength, DecodeError> request_body_length(std::span<const Header> headers, int minor_version) {
  auto framing = read_framing(headers, minor_version);
  if (!framing) return Err(framing.error());
  if (framing->chunked) return BodyLength{BodyKind::kChunked, 0};
  if (framing->content_length != nullptr) return BodyLength{BodyKind::kLength, framing->bytes};
  return BodyLength{};
}

Result<BodyLength, DecodeError> response_body_length(std::span<const Header> headers, int minor_version,
                                                     Method request, int status) {
  auto framing = read_framing(headers, minor_version);
  if (!framing) return Err(framing.error());
  // RFC 9112 section 6.1 and RFC 9110 section 8.6: these never announce a body. One that does may be followed
  // by bytes that somebody would take for the next response.
  if (status < 200 || status == 204) {
    if (framing->chunked) return Err(DecodeError::kTransferEncodingBad);
    if (framing->bytes != 0) return Err(DecodeError::kContentLengthBad);
    return BodyLength{};
  }
  if (status == 304) return BodyLength{};
  // What GET would give: to be told, and not to be read.
  if (request == Method::kHead) return BodyLength{BodyKind::kNone, framing->bytes};
  if (framing->chunked) return BodyLength{BodyKind::kChunked, 0};
  if (framing->content_length != nullptr) return BodyLength{BodyKind::kLength, framing->bytes};
  return BodyLength{BodyKind::kUntilClose, 0};
}

}  // namespace caponier::http
