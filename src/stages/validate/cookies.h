// Cookies as parameters. What is not declared is not judged, and does not go upstream.
#pragma once

#include <string_view>

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// The declared cookies as they go upstream, without the field's name; empty if there are none.
Verdict<std::string_view> validate_cookies(Exchange& exchange, const plan::Operation& operation);

}  // namespace caponier::stages
