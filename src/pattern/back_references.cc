#include "pattern/back_references.h"

#include <vector>

namespace caponier::pattern {
namespace {

struct Place {
  bool in_loop = false;
  bool in_look_behind = false;
};

class Survey {
 public:
  explicit Survey(const Ast& ast) : groups_(ast.group_count + 1) { visit(*ast.root, {}); }

  [[nodiscard]] std::optional<PatternError> problem() const {
    for (const auto& [term, place] : references_) {
      if (place.in_look_behind)
        return PatternError{term->offset, "a back-reference inside a look-behind is not supported"};
      const Place& group = groups_[term->group];
      if (group.in_look_behind) {
        return PatternError{term->offset,
                            "a back-reference to a group inside a look-behind is not supported"};
      }
      if (group.in_loop) {
        return PatternError{term->offset, "a back-reference to a group inside a repetition is not supported"};
      }
    }
    return std::nullopt;
  }

 private:
  void visit(const Term& term, Place place) {
    if (term.kind == TermKind::kRepeat && term.max > 1) place.in_loop = true;
    if (term.kind == TermKind::kLook && term.behind) place.in_look_behind = true;
    if (term.kind == TermKind::kGroup) groups_[term.group] = place;
    if (term.kind == TermKind::kBackReference) references_.push_back({&term, place});
    for (const TermPtr& child : term.children) visit(*child, place);
  }

  std::vector<Place> groups_;
  std::vector<std::pair<const Term*, Place>> references_;
};

}  // namespace

std::optional<PatternError> back_reference_problem(const Ast& ast) {
  return Survey(ast).problem();
}

}  // namespace caponier::pattern
