// Trailer fields of the upstream's answer. They come when everything has been judged, so that they may add to
// an answer and never change it.
#include <algorithm>

#include "base/bytes.h"
#include "http/h1_encoder.h"
#include "http/trailers.h"
#include "stages/scrub/header_rules.h"
#include "stages/scrub/scrub.h"

namespace caponier::stages {
namespace {

bool is_declared(const plan::Response* response, std::string_view name) {
  return response != nullptr && std::ranges::any_of(response->headers, [name](const plan::Parameter& header) {
           return equals_ignore_case(header.name, name);
         });
}

}  // namespace

void append_trailers(std::string& out, const Exchange& exchange, const plan::Response* declared,
                     std::string_view lines) {
  if (lines.empty() || !wants_trailers(*exchange.head)) return;
  TextWriter text(out);
  while (!lines.empty()) {
    const http::Header header = http::take_trailer(lines);
    if (!http::may_be_trailer(header) || is_hop_by_hop(header) || is_disclosure(header) ||
        is_impersonation(header) || is_declared(declared, header.name)) {
      continue;
    }
    // A value that could break the framing was refused by the decoder already.
    (void)http::append_header(text, header, header.value);
  }
}

}  // namespace caponier::stages
