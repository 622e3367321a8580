// What ECMA-262 allows and PCRE2 cannot express, with its place in the pattern.
#pragma once

#include <optional>

#include "pattern/ast.h"

namespace caponier::pattern {

// Look-behinds whose alternatives have no fixed length, and repetitions of more than 65535 times.
std::optional<PatternError> backtracking_problem(const Ast& ast);

}  // namespace caponier::pattern
