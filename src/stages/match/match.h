// Stage match: which operation of the Plan is meant. What is not declared does not exist, and a path that
// could be read in two ways means nothing.
#pragma once

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// kPathAmbiguous with the rule's name in the detail, kPathUndeclared, or kMethodUndeclared with the methods
// of the path. HEAD means GET where it is not declared itself. The product views the exchange's arena.
Verdict<Matched> match(Exchange& exchange);

}  // namespace caponier::stages
