// The headers that the gateway adds to every answer, its own and the upstream's.
#pragma once

#include <cstdint>

#include "base/text_writer.h"
#include "stages/exchange.h"

namespace caponier::stages {

struct SecurityHeadersPresent {
  bool referrer_policy = false;
  bool frame_options = false;
};
// nosniff, Referrer-Policy, X-Frame-Options, and HSTS if `hsts`.
void append_security_headers(TextWriter& out, const SecurityHeadersPresent& present, bool hsts);
// RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10) and the older X-RateLimit-*.
void append_rate_limit(TextWriter& out, const Limited& limited);
// RFC 9110, section 5.6.7, UTC.
void append_date(TextWriter& out, std::int64_t wall_s);

}  // namespace caponier::stages
