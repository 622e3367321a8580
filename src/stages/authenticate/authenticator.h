// What every way of proving who one is has in common. An authenticator reads what a request presents to the
// schemes of its kind, and fills in their proofs; which proofs are enough is decided in authenticate.cc
// alone.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "stages/exchange.h"
#include "stages/state.h"
#include "stages/verdict.h"

namespace caponier::stages {

struct Reading {
  const State& state;
  Exchange& exchange;
  const Matched& matched;
  Principal& principal;     // whom this authenticator finds; anonymous until then
  std::span<Proof> proofs;  // by index of Plan::schemes
  // The connection's certificate is of nobody whom a scheme allows: a better reason than that none was shown.
  bool certificate_not_allowed = false;

  [[nodiscard]] const plan::Operation& operation() const { return *matched.operation; }
  [[nodiscard]] const plan::Scheme& scheme(std::uint32_t index) const {
    return exchange.plan->schemes[index];
  }
  // Calls `each(index, scheme, rule)` for the schemes of the kind by which the operation's callers are
  // judged.
  template <class Rule, class Each>
  void for_each(Each&& each) const {
    for (const std::uint32_t index : operation().judged_by) {
      if (const Rule* rule = scheme(index).template as<Rule>()) each(index, scheme(index), *rule);
    }
  }
};

// What lets the caller in, once all proofs are there: the alternatives whose credentials and scopes suffice;
// where there are none, those whose credentials hold.
class Admission {
 public:
  Admission(const plan::Operation& operation, std::span<const Proof> proofs)
      : operation_(operation), proofs_(proofs) {}
  // Whether the scheme has a part in it.
  [[nodiscard]] bool rests_on(std::uint32_t scheme) const;

 private:
  const plan::Operation& operation_;
  std::span<const Proof> proofs_;
};

struct Authenticator {
  // Whether the scheme is one of its kind.
  bool (*knows)(const plan::Scheme& scheme);
  // A credential that is presented and invalid is refused, also where none is demanded; none is no refusal.
  // May come back after a Need.
  Verdict<Unit> (*read)(Reading& reading);
  // Of a kind of which a request may present several: makes the caller the one on whom the admission rests.
  void (*choose)(Reading& reading, const Admission& admission) = nullptr;
};

template <class Rule>
bool knows(const plan::Scheme& scheme) {
  return scheme.as<Rule>() != nullptr;
}

inline Denial refuse_credential(Reason reason, std::string detail) {
  return deny(reason, "authenticate", std::move(detail));
}

}  // namespace caponier::stages
