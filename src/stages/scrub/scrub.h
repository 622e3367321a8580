// What leaves: the canonical request to the upstream (design 5.7), the clean response to the client, and the
// RFC 9457 answer to a refusal. Head bytes only; framing headers are the driver's.
#pragma once

#include <string>

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// Appends request line and headers, without framing headers and the final CRLF.
// False if a header cannot be sent safely.
[[nodiscard]] bool append_upstream_head(std::string& out, const Exchange& exchange);

// Appends status line and headers of the upstream's answer as the client may see them: no server, version,
// hop-by-hop or framing headers; ours added (X-Request-ID, security headers, HSTS, rate limits). No final
// CRLF. False as above.
[[nodiscard]] bool append_response_head(std::string& out, const Exchange& exchange,
                                        const http::ResponseHead& head);

// Appends the trailer fields behind a chunked answer as the client may see them, without the empty line: only
// if it asked for them, none that belongs into a head (RFC 9110, section 6.5.1) or could contradict what was
// judged there. `lines` are BodyDecoder::trailers().
void append_trailers(std::string& out, const Exchange& exchange, const plan::Response* declared,
                     std::string_view lines);

// An answer of our own: appends its head, Content-Length included, without the final CRLF, and returns its
// body. HEAD gets none.
[[nodiscard]] std::string append_refusal(std::string& out, const Exchange& exchange, const Denial& denial);
[[nodiscard]] std::string_view append_local(std::string& out, const Exchange& exchange,
                                            const LocalResponse& response);
// For requests that never became an exchange (undecodable).
[[nodiscard]] std::string append_bare_refusal(std::string& out, Reason reason, std::string_view request_id,
                                              bool hsts);

}  // namespace caponier::stages
