#include "pattern/backtracking_problem.h"

namespace caponier::pattern {
namespace {

constexpr std::uint32_t kRepetitionsMax = 65'535;

// How many code points the term matches, if that is always the same.
std::optional<std::uint64_t> fixed_length(const Term& term) {
  switch (term.kind) {
    case TermKind::kSet:
      return 1;
    case TermKind::kStart:
    case TermKind::kEnd:
    case TermKind::kWordBoundary:
    case TermKind::kNotWordBoundary:
    case TermKind::kLook:
      return 0;
    case TermKind::kBackReference:
      return std::nullopt;
    case TermKind::kConcat:
    case TermKind::kGroup: {
      std::uint64_t sum = 0;
      for (const TermPtr& child : term.children) {
        const auto length = fixed_length(*child);
        if (!length) return std::nullopt;
        sum += *length;
      }
      return sum;
    }
    case TermKind::kAlternate: {
      const auto first = fixed_length(*term.children.front());
      for (const TermPtr& child : term.children) {
        if (fixed_length(*child) != first) return std::nullopt;
      }
      return first;
    }
    case TermKind::kRepeat: {
      const auto length = fixed_length(*term.children.front());
      if (!length || term.min != term.max) return std::nullopt;
      return *length * term.min;
    }
  }
  return std::nullopt;
}

// The alternatives of a look-behind may differ from each other, those of a group within it may not.
bool has_fixed_alternatives(const Term& behind) {
  const Term& inside = *behind.children.front();
  if (inside.kind != TermKind::kAlternate) return fixed_length(inside).has_value();
  for (const TermPtr& alternative : inside.children) {
    if (!fixed_length(*alternative)) return false;
  }
  return true;
}

std::optional<PatternError> problem_of(const Term& term) {
  if (term.kind == TermKind::kLook && term.behind && !has_fixed_alternatives(term))
    return PatternError{term.offset, "a look-behind of variable length is not supported"};
  if (term.kind == TermKind::kRepeat &&
      (term.min > kRepetitionsMax || (term.max != kUnbounded && term.max > kRepetitionsMax)))
    return PatternError{term.offset, "a repetition of more than 65535 times is not supported"};
  for (const TermPtr& child : term.children) {
    if (auto problem = problem_of(*child)) return problem;
  }
  return std::nullopt;
}

}  // namespace

std::optional<PatternError> backtracking_problem(const Ast& ast) {
  return problem_of(*ast.root);
}

}  // namespace caponier::pattern
