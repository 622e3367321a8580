// What is sent of one stream: heads and trailers as header blocks, bodies as DATA (RFC 9113, section
// 8.1). Appends to a caller's text; flow control is the caller's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/h2_frame.h"
#include "http/hpack.h"

namespace caponier::http::h2 {

// `lines`: a status line and fields, or trailer fields, each with its CRLF. False if it cannot be encoded.
[[nodiscard]] bool append_head(std::string& out, HpackEncoder& hpack, std::uint32_t stream,
                               std::string_view lines, bool ends_stream);
// `lines`: a request line and fields.
[[nodiscard]] bool append_request(std::string& out, HpackEncoder& hpack, std::uint32_t stream,
                                  std::string_view lines, bool https, bool ends_stream);
// At most kFrameBytesMax bytes: of `first`, then of `second`.
void append_data(std::string& out, std::uint32_t stream, std::string_view first, std::string_view second,
                 bool ends_stream);

}  // namespace caponier::http::h2
