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

// The session began a moment ago, by a login that was asked for just this.
bool is_in_vain(const Exchange& exchange, const plan::StepUp& rule, const Principal& principal) {
  constexpr std::int64_t kMomentS = 30;
  if (!principal.session) return false;
  // One that lies in the future began before the clock was set back, nobody knows how long.
  const std::int64_t age_s = exchange.now.wall_s() - principal.session->began_s;
  if (age_s < 0 || age_s > kMomentS) return false;
  const StepUpWish wish = wish_of(rule);
  return principal.session->asked == asked_of_login(wish.classes, wish.age_max);
}

}  // namespace

StepUpWish wish_of(const plan::StepUp& rule) {
  StepUpWish wish;
  for (const std::string& one : rule.classes) wish.classes += (wish.classes.empty() ? "" : " ") + one;
  if (rule.age_max_s > 0) wish.age_max = std::to_string(rule.age_max_s);
  // A way of logging in that cannot be asked for by name is asked for by logging in again.
  if (wish.classes.empty() && wish.age_max.empty()) wish.age_max = "0";
  return wish;
}

std::string asked_of_login(std::string_view classes, std::string_view age_max) {
  if (classes.empty() && age_max.empty()) return {};
  return std::string(classes).append(1, '|').append(age_max);
}

std::optional<Denial> check_step_up(const Exchange& exchange, const plan::Operation& operation,
                                    const Principal& principal) {
  if (!operation.step_up) return std::nullopt;
  const plan::StepUp& rule = *operation.step_up;
  const auto short_of = [&](std::string detail) {
    Denial denial = deny(Reason::kStepUpNeeded, "authenticate", std::move(detail), rule.where.text);
    denial.challenges = rule.challenges;
    denial.asked_in_vain = is_in_vain(exchange, rule, principal);
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
