#include "plan/step_up.h"

#include <algorithm>

#include "config/config.h"
#include "plan/member_reader.h"

namespace caponier::plan {
namespace {

constexpr std::int64_t kAgeMaxS = 30LL * 24 * 3600;
// RFC 8176. A code that comes by telephone is no factor of its own unless it is asked for by its name.
constexpr std::string_view kTelephone[] = {"sms", "tel"};

// They stand in a quoted string of a header, apart from each other by spaces.
bool is_plain(const std::string& value) {
  return value.size() <= 256 && std::ranges::all_of(value, [](char c) {
           return c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != ',';
         });
}

std::vector<std::string> read_values(MemberReader& reader, std::string_view key, Report& report) {
  const Node* node = reader.find(key);
  if (node == nullptr) return {};
  std::vector<std::string> values = reader.texts(*node);
  for (const std::string& value : values) {
    if (is_plain(value)) continue;
    report.error(reader.at(*node), "bad-value", quoted(value) + " cannot be told to a client",
                 "use visible ASCII characters without quotes and commas");
  }
  return values;
}

// All of them go into one parameter of a login.
constexpr std::size_t kValuesBytesMax = 256;

std::string joined(const std::vector<std::string>& values, std::string_view separator) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : std::string(separator)) + value;
  return text;
}

bool takes_tokens(const Plan& plan, const Alternative& alternative) {
  return std::ranges::any_of(alternative.all, [&plan](const Requirement& requirement) {
    const Scheme& scheme = plan.schemes[requirement.scheme];
    return scheme.as<BearerRule>() != nullptr || scheme.as<SessionRule>() != nullptr;
  });
}

// RFC 9470, section 3.
std::string challenge_of(const StepUp& rule) {
  std::string line =
      "WWW-Authenticate: Bearer realm=\"api\", error=\"insufficient_user_authentication\", "
      "error_description=\"another way of logging in is required\"";
  if (!rule.classes.empty()) line += ", acr_values=\"" + joined(rule.classes, " ") + '"';
  if (rule.age_max_s > 0) line += ", max_age=\"" + std::to_string(rule.age_max_s) + '"';
  return line + "\r\n";
}

}  // namespace

void read_step_up(const Source& at, Members& members, Report& report) {
  MemberReader reader(at, report);
  if (!reader.object()) return;
  reader.only({"acr", "amr", "max_age"}, "step_up");
  StepUpRule rule;
  rule.classes = read_values(reader, "acr", report);
  if (const Node* node = reader.find("acr");
      node != nullptr && joined(rule.classes, " ").size() > kValuesBytesMax) {
    report.error(reader.at(*node), "bad-value", "a login cannot be asked for so many classes",
                 "name fewer: 256 bytes in all, with a space between them");
  }
  rule.methods = read_values(reader, "amr", report);
  if (const Node* age = reader.find("max_age")) {
    const auto ms = age->is_string() ? config::parse_duration_ms(age->text) : std::nullopt;
    if (ms && *ms >= 1000 && *ms <= kAgeMaxS * 1000) {
      rule.age_max_s = *ms / 1000;
    } else {
      report.error(reader.at(*age), "bad-duration", "this is no duration between 1s and 30d",
                   "write \"15m\" or \"12h\"");
    }
  }
  if (at.node->child_count == 0) {
    return report.error(at, "bad-step-up", "\"step_up\" asks for nothing",
                        "write step_up: {acr: [gold]}, {amr: [mfa]} or {max_age: 15m}");
  }
  members.step_up = {std::move(rule), at};
}

std::string to_text(const StepUpRule& rule) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (!rule.classes.empty()) add("acr " + joined(rule.classes, " or "));
  if (!rule.methods.empty()) add("amr " + joined(rule.methods, " or "));
  if (rule.age_max_s > 0) add("within " + std::to_string(rule.age_max_s) + "s of logging in");
  return text;
}

void compile_step_up(Compilation& compilation, const Policy& policy, Operation& operation) {
  if (!policy.step_up) return;
  const Settled<StepUpRule>& rule = *policy.step_up;
  const Plan& plan = *compilation.plan;
  const auto by_token = [&plan](const Alternative& alternative) { return takes_tokens(plan, alternative); };
  const bool inherited = !rule.explicitly || rule.by_wildcard;
  // Inherited, it does not concern operations at which nobody logs in.
  if (inherited && (operation.is_public || std::ranges::none_of(operation.alternatives, by_token))) return;
  if (!inherited && (operation.is_public || !std::ranges::all_of(operation.alternatives, by_token))) {
    return compilation.report.error(
        rule.source, "step-up-without-token",
        "a way of logging in is demanded, and the operation can be called without a token",
        "demand a token in every security alternative, or drop step_up");
  }
  for (const std::string_view method : kTelephone) {
    if (std::ranges::find(rule.value.methods, method) == rule.value.methods.end()) continue;
    compilation.report.finding(rule.source, "telephone-factor",
                               "a code that comes by telephone satisfies " + operation.label +
                                   ", and who takes over the number has it");
  }
  StepUp step_up{rule.value.classes, rule.value.methods, rule.value.age_max_s, {}, where_of(rule.source)};
  step_up.challenges = challenge_of(step_up);
  operation.step_up = std::move(step_up);
}

}  // namespace caponier::plan
