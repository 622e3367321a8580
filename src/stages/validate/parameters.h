// Stage validate, first part: path, query and header parameters against the document. The query is a closed
// world: what is not declared is refused. Headers are an open one: what is declared is judged, the rest is
// for scrub.
#pragma once

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// The product holds the one spelling of the query that goes upstream: what was judged, and nothing else, with
// every character that anybody could read otherwise percent-encoded ('+' was a space).
Verdict<ValidParameters> validate_parameters(Exchange& exchange, const Matched& matched);

// Where validation is only reported: query and cookies as they came; cookies only where some are declared, or
// nothing is.
ValidParameters unjudged_parameters(Exchange& exchange, const Matched& matched);

}  // namespace caponier::stages
