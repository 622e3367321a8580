#include "stages/admit/guessing.h"

#include <string>
#include <utility>

#include "stages/back_off.h"
#include "stages/identity_key.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "admit";

FailureBudget of_address(const ConnectionLimits& limits) {
  return {limits.failed_authentications_per_address_burst,
          limits.failed_authentications_per_address_per_minute};
}

}  // namespace

std::optional<Denial> refuse_guessing_address(const State& state, const Exchange& exchange) {
  const std::int64_t wait_us =
      state.failed_addresses->wait_us(address_identity(state, *exchange.peer), exchange.now.steady_us);
  if (wait_us == 0) return std::nullopt;
  Denial denial =
      deny(Reason::kTooManyFailures, kStage, "the address used up its budget of failed authentications");
  denial.retry_after_s = seconds_up(wait_us);
  return denial;
}

void note_failed_authentication(const State& state, const Exchange& exchange, Denial& denial) {
  const std::int64_t now_us = exchange.now.steady_us;
  const ConnectionLimits& limits = exchange.plan->limits.connections;
  (void)state.failed_addresses->note(address_identity(state, *exchange.peer), of_address(limits), now_us);
  if (denial.attempted == 0) return;
  const std::int64_t wait_us = state.failed_identities->wait_us(denial.attempted, now_us);
  (void)state.failed_identities->note(denial.attempted, identity_budget(limits), now_us);
  if (wait_us == 0) return;
  denial.detail.insert(0, std::string(entry(denial.reason).id) + ", as for this identity too often: ");
  denial.reason = Reason::kTooManyFailuresIdentity;
  denial.retry_after_s = seconds_up(wait_us);
  denial.challenges = {};
}

}  // namespace caponier::stages
