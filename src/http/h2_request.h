// What the fields of an HTTP/2 head say (RFC 9113, section 8): the same request head as of HTTP/1.1, by the
// same rules, so that nobody behind the gateway can read it in another way.
#pragma once

#include <optional>

#include "base/limits.h"
#include "http/decode_error.h"
#include "http/h2_fields.h"
#include "http/message.h"

namespace caponier::http::h2 {

// `ended`: no body follows. `tls`: how the connection is secured, which :scheme must say. `head` views
// `fields`.
std::optional<DecodeError> read_request(FieldBlock& fields, bool ended, bool tls, const HttpLimits& limits,
                                        RequestHead& head);

// Trailer fields of a request: judged, and not kept.
std::optional<DecodeError> judge_trailers(FieldBlock& fields, const HttpLimits& limits);

}  // namespace caponier::http::h2
