// Stage check: whether the upstream's answer is one that the document declares: status and media type. A
// response that was not declared does not leave.
#pragma once

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

struct CheckedResponse {};

// `head` is a final response, never 1xx. A 304 is declared with its operation's GET: HTTP itself defines it.
Verdict<CheckedResponse> check(const http::RequestHead& request, const Matched& matched,
                               const http::ResponseHead& head);

}  // namespace caponier::stages
