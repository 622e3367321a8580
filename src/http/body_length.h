// The one judge of message framing (RFC 9112 section 6): how long is the body, and can anybody disagree?
#pragma once

#include <span>

#include "base/result.h"
#include "http/h1_decoder.h"
#include "http/message.h"

namespace caponier::http {

// Both refuse: Content-Length with Transfer-Encoding, repeated or listed Content-Length, any transfer coding
// but a single "chunked", Transfer-Encoding in HTTP/1.0.
Result<BodyLength, DecodeError> request_body_length(std::span<const Header> headers, int minor_version);
// To HEAD there is no body (kNone), and `bytes` is what was announced of that to GET.
Result<BodyLength, DecodeError> response_body_length(std::span<const Header> headers, int minor_version,
                                                     Method request, int status);

}  // namespace caponier::http
