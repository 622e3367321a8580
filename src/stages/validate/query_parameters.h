// The query: which pair belongs to which parameter, each parameter's value, and the one spelling that goes
// upstream.
#pragma once

#include <string_view>

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// The canonical query. Every pair belongs to a declared parameter, and every declared parameter is judged.
Verdict<std::string_view> validate_query(Exchange& exchange, const plan::Operation& operation);

// Refusals that name the parameter and its place in the document.
Denial about(Reason reason, const plan::Parameter& parameter, std::string_view what);

}  // namespace caponier::stages
