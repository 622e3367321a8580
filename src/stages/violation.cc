#include "stages/violation.h"

#include <array>

#include "event/record.h"
#include "event/redact.h"

namespace caponier::stages {

Denial rule_denial(Reason reason, std::string_view pointer, std::string_view rule, std::string_view where) {
  Denial denial = deny(reason, kValidateStage, {}, where);
  denial.public_pointer = pointer;
  denial.public_rule = rule;
  // The names in a pointer are the client's, and what is secret may stand as a name, too.
  std::array<char, event::kUntrustedBytesMax> shown;
  const std::size_t size = event::redact_path(pointer, shown.data(), shown.size());
  denial.detail.append(shown.data(), size).append(size == 0 ? "" : ": ").append(rule);
  return denial;
}

Denial violation_denial(Exchange& exchange, Reason reason, const schema::Entry& program, json::Value instance,
                        std::string_view pointer, std::string_view where) {
  const std::vector<schema::Violation> violations = schema::explain(program, instance, 1);
  // The evaluation was given up: a refusal all the same.
  if (violations.empty()) return rule_denial(reason, pointer, "too complex to be judged", where);
  const schema::Violation& first = violations.front();
  if (first.schema_position.line != 0) {
    where = exchange.arena.copy(first.file + ":" + std::to_string(first.schema_position.line) + ":" +
                                std::to_string(first.schema_position.column));
  }
  if (first.outcome == schema::Outcome::kPatternLimit) reason = Reason::kPatternLimit;
  if (first.outcome == schema::Outcome::kStepLimit) reason = Reason::kSchemaLimit;
  std::string rule = first.keyword;
  if (!first.sentence.empty()) rule.append(rule.empty() ? "" : ": ").append(first.sentence);
  return rule_denial(reason, std::string(pointer) + first.instance_pointer, rule, where);
}

}  // namespace caponier::stages
