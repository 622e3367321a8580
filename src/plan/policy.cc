#include "plan/policy.h"

#include <algorithm>

#include "plan/step_up.h"

namespace caponier::plan {
namespace {

std::string text_of(const RateRule& rule) {
  return to_text(rule);
}
std::string text_of(std::uint64_t bytes) {
  return std::to_string(bytes);
}
bool is_looser(const RateRule& a, const RateRule& b) {
  return looser(a, b);
}
bool is_looser(std::uint64_t a, std::uint64_t b) {
  return a > b;
}

std::string text_of(const ResponseRule& rule) {
  return to_text(rule);
}
bool is_looser(const ResponseRule& a, const ResponseRule& b) {
  return a.mode > b.mode;
}

std::string place_of(const Source& source) {
  return source.node == nullptr ? "by default" : where_of(source).text;
}

void note(Policy& policy, std::string_view member, std::string value, const Source& source) {
  policy.provenance.push_back(std::string(member) + ' ' + std::move(value) + ": " + place_of(source));
}

// A bound of which inheritance keeps the tighter one. `settled` may hold the built-in default.
template <class T>
void settle_bound(std::string_view member, std::span<const Members* const> levels,
                  const std::optional<Said<T>>& (*pick)(const Members&, std::size_t), std::size_t index,
                  std::optional<Settled<T>>& settled, Policy& policy, Report& report) {
  std::string over;
  bool said = false;
  for (const Members* level : levels) {
    const std::optional<Said<T>>& one = pick(*level, index);
    if (!one) continue;
    const bool overrides = is_explicit(level->level);
    const bool loosens = said && is_looser(one->value, settled->value);
    if (loosens && !overrides) continue;
    if (settled) over = ", over " + text_of(settled->value) + ' ' + place_of(settled->source);
    if (loosens) {
      report.finding(one->source, "loosened",
                     std::string(member) + ' ' + text_of(one->value) + " is looser than the inherited " +
                         text_of(settled->value) + " (" + place_of(settled->source) + ')');
    }
    settled = {one->value, one->source, overrides, level->by_wildcard};
    said = true;
  }
  if (said)
    policy.provenance.push_back(std::string(member) + ' ' + text_of(settled->value) + ": " +
                                place_of(settled->source) + over);
}

// A flag whose value `loose` counts only where it is said for the operation itself.
void settle_flag(std::string_view member, std::span<const Members* const> levels,
                 std::optional<Said<bool>> Members::*pick, bool loose, bool& settled, Policy& policy) {
  Source source;
  for (const Members* level : levels) {
    const std::optional<Said<bool>>& said = level->*pick;
    if (!said) continue;
    if (said->value == loose && !is_explicit(level->level)) continue;
    settled = said->value;
    source = said->source;
  }
  if (source.node != nullptr) note(policy, member, settled ? "true" : "false", source);
}

// Each part by itself: what the closest level says of it. No part is tighter than another.
void settle_upstream(std::span<const Members* const> levels, Policy& policy) {
  for (const Members* level : levels) {
    if (!level->upstream) continue;
    const UpstreamRule& said = level->upstream->value;
    UpstreamRule rule = policy.upstream ? policy.upstream->value : UpstreamRule();
    if (said.name) rule.name = said.name;
    if (said.rewrite) rule.rewrite = said.rewrite;
    if (said.timeout_ms > 0) rule.timeout_ms = said.timeout_ms;
    policy.upstream = {std::move(rule), level->upstream->source, is_explicit(level->level),
                       level->by_wildcard};
  }
  if (policy.upstream) note(policy, "upstream", to_text(policy.upstream->value), policy.upstream->source);
}

// Each part by itself: what the closest level says of it. An age that is inherited stays a bound.
void settle_step_up(std::span<const Members* const> levels, Policy& policy) {
  for (const Members* level : levels) {
    if (!level->step_up) continue;
    const StepUpRule& said = level->step_up->value;
    const bool explicitly = is_explicit(level->level);
    StepUpRule rule = policy.step_up ? policy.step_up->value : StepUpRule();
    if (!said.classes.empty()) rule.classes = said.classes;
    if (!said.methods.empty()) rule.methods = said.methods;
    const bool shorter = rule.age_max_s == 0 || said.age_max_s < rule.age_max_s;
    if (said.age_max_s > 0 && (explicitly || shorter)) rule.age_max_s = said.age_max_s;
    policy.step_up = {std::move(rule), level->step_up->source, explicitly, level->by_wildcard};
  }
  if (policy.step_up) note(policy, "step_up", to_text(policy.step_up->value), policy.step_up->source);
}

void settle_texts(std::span<const Members* const> levels, Policy& policy) {
  for (const Members* level : levels) {
    const bool explicitly = is_explicit(level->level);
    if (level->public_reason) {
      policy.public_reason = {level->public_reason->value, level->public_reason->source, explicitly,
                              level->by_wildcard};
    }
    if (level->owner) {
      // A path's own words about its own parameter.
      const bool of_path = explicitly || level->level == Level::kPath;
      policy.owner = {level->owner->value, level->owner->source, of_path, level->by_wildcard};
    }
    if (level->opaque_reason) {
      policy.opaque_reason = {level->opaque_reason->value, level->opaque_reason->source, explicitly,
                              level->by_wildcard};
    }
    if (level->security) policy.security = {{}, *level->security, explicitly, level->by_wildcard};
  }
}

// A word about rolling out, not a bound: whoever is closest has it.
void settle_report_only(std::span<const Members* const> levels, Policy& policy) {
  for (const Members* level : levels) {
    if (!level->report_only) continue;
    policy.report_only = {level->report_only->value, level->report_only->source, is_explicit(level->level),
                          level->by_wildcard};
  }
  if (!policy.report_only) return;
  const ReportOnlyRule& rule = policy.report_only->value;
  note(policy, "report_only", to_text(rule), policy.report_only->source);
  if (rule.check) policy.response.mode = std::max(policy.response.mode, ResponseMode::kReport);
}

}  // namespace

Policy settle(std::span<const Members* const> levels, Report& report) {
  Policy policy;
  settle_flag("exposed", levels, &Members::exposed, true, policy.exposed, policy);
  settle_flag("internal", levels, &Members::internal, false, policy.internal, policy);
  settle_texts(levels, policy);
  settle_step_up(levels, policy);
  settle_upstream(levels, policy);
  policy.rates[static_cast<std::size_t>(LimitPer::kAddress)] = {RateRule{1200, 60'000'000, false, {}}, {}};
  policy.rates[static_cast<std::size_t>(LimitPer::kCredential)] = {RateRule{600, 60'000'000, false, {}}, {}};
  for (const LimitPer per : {LimitPer::kAddress, LimitPer::kCredential, LimitPer::kOperation}) {
    const auto index = static_cast<std::size_t>(per);
    settle_bound<RateRule>(
        "rate_limit." + std::string(name(per)), levels,
        [](const Members& m, std::size_t i) -> const std::optional<Said<RateRule>>& {
          return m.rate_limits[i];
        },
        index, policy.rates[index], policy, report);
  }
  settle_bound<std::uint64_t>(
      "body_bytes_max", levels,
      [](const Members& m, std::size_t) -> const std::optional<Said<std::uint64_t>>& {
        return m.body_bytes_max;
      },
      0, policy.body_bytes_max, policy, report);
  std::optional<Settled<ResponseRule>> response = Settled<ResponseRule>{ResponseRule{}, {}};
  settle_bound<ResponseRule>(
      "response", levels,
      [](const Members& m, std::size_t) -> const std::optional<Said<ResponseRule>>& { return m.response; }, 0,
      response, policy, report);
  policy.response = response->value;
  settle_report_only(levels, policy);
  return policy;
}

}  // namespace caponier::plan
