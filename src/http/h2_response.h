// What the fields of an HTTP/2 answer say (RFC 9113, section 8): the same response head as of HTTP/1.1, by
// the same rules.
#pragma once

#include <optional>

#include "base/limits.h"
#include "http/decode_error.h"
#include "http/h2_fields.h"
#include "http/message.h"

namespace caponier::http::h2 {

// `ended`: no body follows. `request` decides about bodies: HEAD has none. `head` views `fields`.
std::optional<DecodeError> read_response(FieldBlock& fields, bool ended, Method request,
                                         const HttpLimits& limits, ResponseHead& head);

}  // namespace caponier::http::h2
