#include "stages/authenticate/authenticate.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "stages/authenticate/authenticators.h"
#include "stages/authenticate/step_up.h"

namespace caponier::stages {
namespace {

constexpr std::size_t kAlternativesMax = 64;  // bits of Principal::alternatives; one past it never holds

bool is_asked(const Authenticator& authenticator, const plan::Plan& plan, const plan::Operation& operation) {
  return std::ranges::any_of(operation.judged_by,
                             [&](std::uint32_t index) { return authenticator.knows(plan.schemes[index]); });
}

bool holds(const plan::Alternative& alternative, std::span<const Proof> proofs) {
  return std::ranges::all_of(alternative.all, [proofs](const plan::Requirement& requirement) {
    return proofs[requirement.scheme].holds;
  });
}

// Its scopes too, which authorize judges: then it is this alternative that lets the caller in.
bool suffices(const plan::Alternative& alternative, std::span<const Proof> proofs) {
  return std::ranges::all_of(alternative.all, [proofs](const plan::Requirement& requirement) {
    const Proof& proof = proofs[requirement.scheme];
    return proof.holds && std::ranges::all_of(requirement.scopes,
                                              [&proof](const auto& scope) { return proof.carries(scope); });
  });
}

using Callers = std::array<Principal, kAuthenticators.size()>;

// Whether the authenticator's finding has a part in what lets the caller in. Else a token of anybody could
// give its name to whoever comes in by a key.
bool speaks(const Authenticator& authenticator, const plan::Plan& plan, const plan::Operation& operation,
            const Admission& admission) {
  if (operation.is_public) return true;
  return std::ranges::any_of(operation.judged_by, [&](std::uint32_t index) {
    return authenticator.knows(plan.schemes[index]) && admission.rests_on(index);
  });
}

// The last of those who were found and may speak, and beside it what the others showed: the proofs view that,
// and whoever came in by several credentials stays for as long as all of them hold.
Principal caller_of(Callers& callers, const plan::Plan& plan, const plan::Operation& operation,
                    const Admission& admission) {
  Principal caller;
  for (std::size_t i = callers.size(); i-- > 0;) {
    Principal& one = callers[i];
    if (one.anonymous) continue;
    if (caller.anonymous && speaks(kAuthenticators[i], plan, operation, admission)) {
      std::vector<Evidence> beside = std::move(caller.beside);
      caller = std::move(one);
      std::ranges::move(beside, std::back_inserter(caller.beside));
      continue;
    }
    std::ranges::move(one.beside, std::back_inserter(caller.beside));
    caller.beside.push_back(std::move(static_cast<Evidence&>(one)));
  }
  return caller;
}

Verdict<Principal> judge(const State& state, Exchange& exchange, const Matched& matched) {
  const plan::Plan& plan = *exchange.plan;
  const plan::Operation& operation = *matched.operation;
  const auto proofs = exchange.arena.array<Proof>(plan.schemes.size());
  Callers callers;
  bool certificate_not_allowed = false;
  for (std::size_t i = 0; i < kAuthenticators.size(); ++i) {
    if (!is_asked(kAuthenticators[i], plan, operation)) continue;
    Reading reading{state, exchange, matched, callers[i], proofs};
    auto read = kAuthenticators[i].read(reading);
    if (!read) return std::move(read).refusal<Principal>();
    certificate_not_allowed |= reading.certificate_not_allowed;
  }
  const Admission admission(operation, proofs);
  for (std::size_t i = 0; i < kAuthenticators.size(); ++i) {
    if (callers[i].anonymous || kAuthenticators[i].choose == nullptr) continue;
    Reading reading{state, exchange, matched, callers[i], proofs};
    kAuthenticators[i].choose(reading, admission);
  }
  Principal principal = caller_of(callers, plan, operation, admission);
  principal.proofs = proofs;

  const std::size_t count = std::min(operation.alternatives.size(), kAlternativesMax);
  for (std::size_t i = 0; i < count; ++i) {
    if (holds(operation.alternatives[i], proofs)) principal.alternatives |= std::uint64_t{1} << i;
  }
  const bool needs_nothing = operation.alternatives.empty() && operation.is_public;
  if (principal.alternatives == 0 && !needs_nothing) {
    const bool nobody = principal.anonymous && principal.beside.empty();
    if (nobody && certificate_not_allowed) {
      return refuse_credential(Reason::kClientCertificateUnknown, "the client's certificate is not allowed");
    }
    return refuse_credential(Reason::kCredentialMissing,
                             nobody ? "no credential was presented" : "another credential is needed as well");
  }
  if (auto refused = check_step_up(exchange, operation, principal)) return std::move(*refused);
  return principal;
}

}  // namespace

bool Admission::rests_on(std::uint32_t scheme) const {
  const auto& alternatives = operation_.alternatives;
  const bool any_suffices = std::ranges::any_of(
      alternatives, [this](const plan::Alternative& one) { return suffices(one, proofs_); });
  return std::ranges::any_of(alternatives, [&](const plan::Alternative& one) {
    if (any_suffices ? !suffices(one, proofs_) : !holds(one, proofs_)) return false;
    return std::ranges::any_of(
        one.all, [scheme](const plan::Requirement& requirement) { return requirement.scheme == scheme; });
  });
}

Verdict<Principal> authenticate(const State& state, Exchange& exchange, const Matched& matched) {
  auto verdict = judge(state, exchange, matched);
  if (Denial* denial = verdict.denial()) {
    if (denial->where.empty()) denial->where = matched.operation->security_where.text;
    if (entry(denial->reason).status == 401 && denial->challenges.empty())
      denial->challenges = matched.operation->challenges;
    send_to_login(exchange, *matched.operation, *denial);
  }
  return verdict;
}

}  // namespace caponier::stages
