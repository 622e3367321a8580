// Stage validate, second and third part: what the head says about the body, before a byte of it is read, and
// the body itself against its schema.
#pragma once

#include <string_view>

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// Presence, media type, content coding and length. A body of no known length is bounded by whoever reads it.
Verdict<HeadDecision> validate_body_head(const http::RequestHead& head, const Matched& matched);

// Where validation is only reported: the body goes on as it comes, whatever it is. It streams, so that no
// bound on memory is needed.
HeadDecision unjudged_body(const http::RequestHead& head, const Matched& matched);

// The whole body. An empty one is no body: whether chunked or not, it passes only where none is required. One
// that came encoded is decoded first.
Verdict<ValidBody> validate_body(Exchange& exchange, const Matched& matched, const HeadDecision& decision,
                                 std::string_view body);

}  // namespace caponier::stages
