#include "stages/authorize/authorize.h"

#include <algorithm>

#include "base/bytes.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "authorize";

// The first scope that the alternative asks for and the caller lacks; null if there is none.
const std::string* missing_scope(const Principal& principal, const plan::Alternative& alternative) {
  for (const plan::Requirement& requirement : alternative.all) {
    for (const std::string& scope : requirement.scopes) {
      // Those of another scheme's credential do not count.
      if (!principal.proofs[requirement.scheme].carries(scope)) return &scope;
    }
  }
  return nullptr;
}

}  // namespace

Verdict<Authorized> authorize(const Matched& matched, const Principal& principal) {
  const plan::Operation& operation = *matched.operation;
  const std::string* missing = nullptr;
  // An operation without alternatives needs no credential; authenticate let it pass only if it is public.
  bool allowed = operation.alternatives.empty();
  for (std::size_t i = 0; i < operation.alternatives.size() && i < 64 && !allowed; ++i) {
    if (((principal.alternatives >> i) & 1U) == 0) continue;
    const std::string* lacked = missing_scope(principal, operation.alternatives[i]);
    allowed = lacked == nullptr;
    if (missing == nullptr) missing = lacked;
  }
  if (!allowed) {
    std::string detail =
        missing == nullptr ? "no alternative holds" : "the scope " + *missing + " is missing";
    return deny(Reason::kScopeMissing, kStage, std::move(detail), operation.security_where.text);
  }

  if (!operation.owner) return Authorized{};
  const plan::Owner& owner = *operation.owner;
  const std::optional<std::string_view> claim = principal.claim(owner.claim);
  if (!claim || claim->empty()) {
    return deny(Reason::kOwnerClaimMissing, kStage, "the claim " + owner.claim + " is missing",
                owner.where.text);
  }
  if (owner.parameter_index >= matched.path_parameters.size() ||
      !equals_constant_time(*claim, matched.path_parameters[owner.parameter_index])) {
    return deny(Reason::kNotOwner, kStage,
                "the claim " + owner.claim + " is not the parameter " + owner.parameter, owner.where.text);
  }
  return Authorized{};
}

}  // namespace caponier::stages
