// ECMA-262 forgets what a group held at each turn of a loop, and reads look-behind backwards; PCRE2 does
// neither. The patterns in which that shows are refused.
#pragma once

#include <optional>

#include "pattern/ast.h"

namespace caponier::pattern {

std::optional<PatternError> back_reference_problem(const Ast& ast);

}  // namespace caponier::pattern
