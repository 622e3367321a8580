// HTTP/1.1 encoding: appends to a caller's text, allocates nothing of its own. Names and values are checked
// again here, whatever their origin: a CR, LF or NUL in a value ends the exchange, never the header.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/text_writer.h"
#include "http/message.h"

namespace caponier::http {

void append_status_line(TextWriter& out, std::uint16_t status);
// False (and nothing appended) if the method is no token or the target holds a byte that no target may hold.
[[nodiscard]] bool append_request_line(TextWriter& out, std::string_view method, std::string_view target);
// False (and nothing appended) if name or value could break the framing.
[[nodiscard]] bool append_header(TextWriter& out, std::string_view name, std::string_view value);
// The same for a header that was decoded: `header.field` is its name's. `value` may be another.
[[nodiscard]] bool append_header(TextWriter& out, const Header& header, std::string_view value);
void append_content_length(TextWriter& out, std::uint64_t bytes);

// The same for single pieces.
void append_status_line(std::string& out, std::uint16_t status);
[[nodiscard]] bool append_request_line(std::string& out, std::string_view method, std::string_view target);
[[nodiscard]] bool append_header(std::string& out, std::string_view name, std::string_view value);
void append_content_length(std::string& out, std::uint64_t bytes);
// "1a\r\n"; the caller appends the data and "\r\n". Zero-length data must not be sent so; see
// append_last_chunk.
void append_chunk_head(std::string& out, std::uint64_t bytes);
void append_last_chunk(std::string& out);

}  // namespace caponier::http
