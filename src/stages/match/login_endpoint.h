// Where browsers log in and out: paths that the gateway answers itself, at the host of the login's origin.
#pragma once

#include <optional>

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// Nothing if the request means something else.
std::optional<Verdict<Matched>> login_endpoint(const Exchange& exchange);

}  // namespace caponier::stages
