// What a field of an HTTP/2 head or trailer section must look like, whoever sent it (RFC 9113, section 8.2).
#pragma once

#include <optional>

#include "http/decode_error.h"
#include "http/message.h"

namespace caponier::http::h2 {

// A name in lower case, a value without anything that somebody would trim or split, and nothing of the
// connection. Pseudo-header fields are not for this.
std::optional<DecodeError> judge_common(const Header& field);
bool is_exact_value(std::string_view value);

}  // namespace caponier::http::h2
