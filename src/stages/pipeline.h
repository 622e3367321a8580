// The order of the stages, which is never data: three straight functions in pipeline.cc.
#pragma once

#include "stages/exchange.h"
#include "stages/state.h"
#include "stages/verdict.h"

namespace caponier::stages {

// Decides on the head alone. On a Need, the driver gets what is needed and calls again with the same
// exchange: products already obtained stay, and nothing is charged twice.
Verdict<HeadDecision> judge_head(const State& state, Exchange& exchange);

// Decides on the whole body of an operation whose HeadDecision says buffer_body. `body` views the
// connection's buffer.
Verdict<ValidBody> judge_body(const State& state, Exchange& exchange, std::string_view body);

// Decides on the head of the upstream's answer.
Verdict<ResponseDecision> judge_response(const State& state, Exchange& exchange,
                                         const http::ResponseHead& head);

// Decides on the whole body of an answer whose decision holds or copies it.
Verdict<ValidResponse> judge_response_body(const State& state, Exchange& exchange,
                                           const ResponseDecision& decision, std::string_view body);

}  // namespace caponier::stages
