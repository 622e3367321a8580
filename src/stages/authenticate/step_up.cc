#include "stages/authenticate/step_up.h"

#include <algorithm>
#include <array>

namespace caponier::stages {
namespace {

// RFC 8176: what a person has or is, other than a telephone number.
constexpr std::array<std::string_view, 12> kFactors = {"otp",  "hwk", "swk", "sc",  "fpt",    "face",
                                                       "iris", "vbm", "pop", "mca", "retina", "fido"};
constexpr std::array<std::string_view, 2> kTelephone = {"sms", "tel"};

bool contains(const auto& list, std::string_view wanted) {
  return std::ranges::find(list, wanted) != std::ranges::end(list);
}

// `mfa` says that there were several factors. If a code by telephone was one of them and no other is named,
// it says no more than that, and satisfies only who asks for the telephone by name.
bool rests_on_telephone(const Texts& methods) {
  const auto is_in = [](const auto& kinds) {
    return [&kinds](std::string_view method) { return contains(kinds, method); };
  };
  return std::ranges::any_of(methods, is_in(kTelephone)) && std::ranges::none_of(methods, is_in(kFactors));
}

bool has_method(const plan::StepUp& rule, const Texts& methods) {
  const bool weak = rests_on_telephone(methods);
  return std::ranges::any_of(rule.methods, [&](const std::string& wanted) {
    return contains(methods, wanted) && (wanted != "mfa" || !weak);
  });
}

}  // namespace

std::optional<Denial> check_step_up(const Exchange& exchange, const plan::Operation& operation,
                                    const Principal& principal) {
  if (!operation.step_up) return std::nullopt;
  const plan::StepUp& rule = *operation.step_up;
  const auto short_of = [&rule](std::string detail) {
    Denial denial = deny(Reason::kStepUpNeeded, "authenticate", std::move(detail), rule.where.text);
    denial.challenges = rule.challenges;
    return denial;
  };
  if (!principal.claims) return short_of("nothing but a token says how its caller logged in");
  const jose::Claims& claims = *principal.claims;
  if (!rule.classes.empty() && !contains(rule.classes, claims.authentication_class()))
    return short_of("acr is not one of those that are demanded");
  if (!rule.methods.empty() && !has_method(rule, claims.authentication_methods()))
    return short_of("amr holds none of those that are demanded");
  if (rule.age_max_s > 0) {
    // In the future by more than clocks differ is as good as unsaid.
    constexpr std::int64_t kAheadS = 60;
    const std::int64_t age_s = exchange.now.wall_s() - claims.authenticated_at_s;
    if (claims.authenticated_at_s == 0 || age_s > rule.age_max_s || age_s < -kAheadS)
      return short_of("auth_time is missing or too long ago");
  }
  return std::nullopt;
}

}  // namespace caponier::stages
