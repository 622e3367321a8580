// METHOD SP TARGET SP VERSION (RFC 9112 section 3), and the target taken apart. Private to this room.
#pragma once

#include <optional>
#include <string_view>

#include "http/decode_error.h"
#include "http/message.h"

namespace caponier::http {

// `line` is free of control characters and of its CRLF. Sets method, target, path, query, minor_version, and
// authority if the target is in absolute form; all of them view `line`.
std::optional<DecodeError> parse_request_line(std::string_view line, RequestHead& head);

// The same for a method and a target that came by themselves.
std::optional<DecodeError> parse_method_and_target(std::string_view method, std::string_view target,
                                                   RequestHead& head);

}  // namespace caponier::http
