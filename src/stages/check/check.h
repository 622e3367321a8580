// Stage check: whether the upstream's answer is one that the document declares: status, media type, headers,
// body. A response that was not declared does not leave, unless its operation says so.
#pragma once

#include <string_view>

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// `head` is a final response, never 1xx. A 304 is declared with its operation's GET: HTTP itself defines it.
Verdict<ResponseDecision> check(Exchange& exchange, const Matched& matched, const http::ResponseHead& head);

// `body` is whole. What an operation only reports is noted in the exchange, once.
Verdict<ValidResponse> check_body(Exchange& exchange, const ResponseDecision& decision,
                                  std::string_view body);

}  // namespace caponier::stages
