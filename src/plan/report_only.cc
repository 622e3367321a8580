#include "plan/report_only.h"

#include <algorithm>
#include <array>
#include <utility>

#include "plan/limits.h"
#include "plan/member_reader.h"
#include "plan/upstreams.h"

namespace caponier::plan {
namespace {

constexpr const char* kFix =
    "write report_only: {reason: \"why\"}, with stages: [limit, authorize, validate, check] for some of "
    "them, "
    "or {authentication: {reason: \"why\"}}, or false";

constexpr std::array<std::pair<std::string_view, bool ReportOnlyRule::*>, 4> kStages = {
    {{"limit", &ReportOnlyRule::limit},
     {"authorize", &ReportOnlyRule::authorize},
     {"validate", &ReportOnlyRule::validate},
     {"check", &ReportOnlyRule::check}}};

void read_stages(MemberReader& reader, const Node& list, ReportOnlyRule& rule, Report& report) {
  for (const std::string& text : reader.texts(list)) {
    const auto known =
        std::ranges::find_if(kStages, [&text](const auto& stage) { return stage.first == text; });
    if (known != kStages.end()) {
      rule.*known->second = true;
      continue;
    }
    const bool by_name = text == "authenticate" || text == "authentication";
    report.error(reader.at(list), "bad-report-only", quoted(text) + " is no stage that can be only reported",
                 by_name ? "authentication is only reported by name: report_only: {authentication: {reason: "
                           "\"why\"}}"
                         : "write limit, authorize, validate or check");
  }
}

// {reason: "why"}
std::string reason_of(const Source& at, std::string_view what, Report& report) {
  const Node* reason = at.node->is_object() ? at.node->find("reason") : nullptr;
  if (reason == nullptr) {
    report.error(at, "report-only-without-reason", quoted(what) + " needs a reason",
                 "write " + std::string(what) + ": {reason: \"why it is only reported\"}");
    return {};
  }
  MemberReader reader(at, report);
  reader.only({"reason"}, what);
  return reader.text(*reason).value_or(std::string());
}

void read_undeclared(const Source& at, const Members& members, ReportOnlyRule& rule, Report& report) {
  if (members.level != Level::kRoot && members.level != Level::kConfigDefaults) {
    return report.error_at_key(at, "misplaced-member", "an undeclared path belongs to no operation",
                               "say it at the root of the document, or in the configuration's defaults");
  }
  rule.undeclared_reason = reason_of(at, "undeclared", report);
}

}  // namespace

std::string to_text(const ReportOnlyRule& rule) {
  std::string text;
  const auto add = [&text](std::string_view part) {
    if (!text.empty()) text += ", ";
    text += part;
  };
  for (const auto& [stage, member] : kStages) {
    if (rule.*member) add(stage);
  }
  if (!rule.authentication_reason.empty()) add("authentication");
  if (!rule.undeclared_reason.empty()) add("undeclared paths");
  return text.empty() ? "nothing" : text;
}

void read_report_only(const Source& at, Members& members, Report& report) {
  if (at.node->is_boolean() && !at.node->boolean) {
    members.report_only = {ReportOnlyRule(), at};
    return;
  }
  if (!at.node->is_object())
    return report.error(at, "bad-report-only", "this does not say what is only reported", kFix);
  MemberReader reader(at, report);
  reader.only({"reason", "stages", "authentication", "undeclared"}, "report_only");
  ReportOnlyRule rule;
  const Node* reason = reader.find("reason");
  const Node* stages = reader.find("stages");
  const Node* authentication = reader.find("authentication");
  const Node* undeclared = reader.find("undeclared");
  if (reason == nullptr && (stages != nullptr || (authentication == nullptr && undeclared == nullptr)))
    return report.error(at, "report-only-without-reason", "\"report_only\" needs a reason", kFix);
  if (reason != nullptr) {
    rule.reason = reader.text(*reason).value_or(std::string());
    if (stages != nullptr) {
      read_stages(reader, *stages, rule, report);
    } else {
      for (const auto& [stage, member] : kStages) rule.*member = true;
    }
  }
  if (authentication != nullptr)
    rule.authentication_reason = reason_of(reader.at(*authentication), "authentication", report);
  if (undeclared != nullptr) read_undeclared(reader.at(*undeclared), members, rule, report);
  members.report_only = {std::move(rule), at};
}

void compile_report_only(Compilation& compilation, const Policy& policy, Operation& operation) {
  if (!policy.report_only) return;
  const auto& [rule, source, explicitly, by_wildcard] = *policy.report_only;
  operation.report_only = {!rule.authentication_reason.empty(), rule.limit, rule.authorize, rule.validate};
  if (!rule.reason.empty()) {
    ReportOnlyRule stages = rule;
    stages.authentication_reason.clear();
    stages.undeclared_reason.clear();
    compilation.report.finding_once(
        source, "report-only", "judged and recorded, not refused: " + to_text(stages) + ": " + rule.reason);
  }
  if (!rule.authentication_reason.empty()) {
    compilation.report.finding_once(
        source, "report-only-authentication",
        "callers who cannot prove who they are pass, without identity: " + rule.authentication_reason);
  }
}

void compile_undeclared(Compilation& compilation, const Policy& policy) {
  if (!policy.report_only || policy.report_only->value.undeclared_reason.empty()) return;
  const ReportOnlyRule& rule = policy.report_only->value;
  const Source& source = policy.report_only->source;
  Operation operation;
  operation.id = "(undeclared)";
  operation.label = "any undeclared path";
  operation.undeclared = true;
  operation.is_public = true;
  operation.public_reason = rule.undeclared_reason;
  operation.response_mode = ResponseMode::kStream;
  operation.where = where_of(source);
  operation.provenance = policy.provenance;
  operation.report_only = {!rule.authentication_reason.empty(), rule.limit, rule.authorize, rule.validate};
  compile_limits(compilation, policy, operation);
  compile_operation_upstream(compilation, openapi::Operation(), policy, operation);
  if (operation.rewrite.active) {
    compilation.report.error(policy.upstream->source, "rewrite-undeclared",
                             "undeclared paths are forwarded, and nobody knows whether they begin with " +
                                 quoted(operation.rewrite.prefix),
                             "say the rewriting at paths or operations, or do not forward undeclared paths");
  }
  compilation.report.finding(
      source, "undeclared-forwarded",
      "paths that the document does not declare are forwarded, unjudged: " + rule.undeclared_reason);
  compilation.plan->undeclared = static_cast<std::uint32_t>(compilation.plan->operations.size());
  compilation.plan->operations.push_back(std::move(operation));
}

}  // namespace caponier::plan
