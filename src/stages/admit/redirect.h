// A listener for plain HTTP that serves nothing: who asks without a credential is shown the way to https, and
// who sent one is told that it is known to others now.
#pragma once

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// Never an Admitted. `to`: "https://api.example.com".
Verdict<Admitted> redirect(Exchange& exchange, std::string_view to);

}  // namespace caponier::stages
