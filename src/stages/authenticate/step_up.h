// Whether a caller has logged in as the operation demands (RFC 9470).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// What a login is asked for, so that it is good enough: parameters of OpenID Connect; empty: not asked.
struct StepUpWish {
  std::string classes;  // acr_values
  std::string age_max;  // max_age
};
StepUpWish wish_of(const plan::StepUp& rule);
// The same in one text, by which a session remembers it; empty if nothing was asked.
std::string asked_of_login(std::string_view classes, std::string_view age_max);

// kStepUpNeeded, with the challenge that says what is short; nothing if the operation demands nothing.
std::optional<Denial> check_step_up(const Exchange& exchange, const plan::Operation& operation,
                                    const Principal& principal);

}  // namespace caponier::stages
