// Trailer fields (RFC 9110, section 6.5): fields behind a chunked body, which come too late for everything
// that is decided by the head.
#pragma once

#include <string_view>

#include "http/message.h"

namespace caponier::http {

// The first of `lines` (BodyDecoder::trailers(), each ended by CRLF), which is taken off. Views `lines`.
Header take_trailer(std::string_view& lines);

// False of what frames, routes, authenticates or modifies a message or says how to read it (section 6.5.1),
// and of everything that browsers and caches obey: that belongs into the head.
bool may_be_trailer(const Header& header);

}  // namespace caponier::http
