#include "cli/judgement.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/diagnostic.h"
#include "cli/text_table.h"
#include "json/write.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kViolationsMax = 1000;

void append_member(std::string& out, std::string_view name, std::string_view value) {
  json::append_string(out, name);
  out += ": ";
  json::append_string(out, value);
}

void append_violation(std::string& out, const schema::Violation& violation) {
  out += '{';
  append_member(out, "instance", violation.instance_pointer);
  out += ", ";
  append_member(out, "schema", violation.schema_pointer);
  out += ", ";
  append_member(out, "keyword", violation.keyword);
  out += ", ";
  append_member(out, "message", violation.sentence);
  out += ", ";
  append_member(out, "file", violation.file);
  out += ", \"line\": " + std::to_string(violation.schema_position.line);
  out += ", \"column\": " + std::to_string(violation.schema_position.column) + '}';
}

// The member or element that one step of a JSON pointer names; nullopt where there is none.
std::optional<json::Value> step(json::Value at, std::string_view escaped) {
  std::string name;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const bool escape = escaped[i] == '~' && i + 1 < escaped.size();
    name += !escape ? escaped[i] : escaped[++i] == '1' ? '/' : '~';
  }
  if (at.is(json::Kind::kObject)) return at.find(name);
  const auto position = parse_decimal(name);
  if (!at.is(json::Kind::kArray) || !position || *position >= at.size()) return std::nullopt;
  json::Value element = at.first_child();
  for (std::uint64_t i = 0; i < *position; ++i) element = element.next_sibling();
  return element;
}

SourcePosition position_of(json::Value root, std::string_view pointer) {
  json::Value at = root;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view name = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(name.size());
    const auto next = step(at, name);
    if (!next) return {};
    at = *next;
  }
  std::size_t offset = at.offset();
  if (at.is(json::Kind::kString)) --offset;
  const std::string_view before = at.document()->source().substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // of the first line: 0
  return {static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1),
          static_cast<std::uint32_t>(offset - line_start + 1)};
}

std::string text_of(SourcePosition position) {
  if (position.line == 0) return {};
  return ':' + std::to_string(position.line) + ':' + std::to_string(position.column);
}

}  // namespace

JsonLimits instance_limits() {
  JsonLimits limits;
  limits.bytes_max = kDocumentBytesMax;
  limits.depth_max = kDocumentDepthMax;
  limits.nodes_max = 16'000'000;
  return limits;
}

Judgement judge(const schema::Entry& program, json::Value instance) {
  Judgement judgement;
  switch (schema::evaluate(program, instance)) {
    case schema::Outcome::kValid:
      break;
    case schema::Outcome::kInvalid:
      judgement.violations = schema::explain(program, instance, kViolationsMax);
      break;
    case schema::Outcome::kStepLimit:
      judgement.error = "the evaluation takes too many steps, and was given up";
      break;
    case schema::Outcome::kPatternLimit:
      judgement.error = "a pattern needs too much backtracking on this instance, and was given up";
      break;
  }
  return judgement;
}

std::string sentence_of(const json::ReadFailure& failure) {
  return std::string(json::name(failure.error)) + " at byte " + std::to_string(failure.offset);
}

std::string to_json(const Judgement& judgement, std::optional<std::string_view> file) {
  std::string out = "{";
  if (file) {
    append_member(out, "file", *file);
    out += ", ";
  }
  if (!judgement.error.empty()) {
    append_member(out, "error", judgement.error);
    return out + '}';
  }
  out += judgement.valid() ? R"("valid": true, "errors": [)" : R"("valid": false, "errors": [)";
  for (std::size_t i = 0; i < judgement.violations.size(); ++i) {
    if (i > 0) out += ", ";
    append_violation(out, judgement.violations[i]);
  }
  return out + "]}";
}

std::string to_text(const Judgement& judgement, std::string_view file, json::Value instance) {
  const std::string name = visible(file);
  if (!judgement.error.empty()) return name + ": not judged: " + visible(judgement.error) + '\n';
  if (judgement.valid()) return name + ": valid\n";
  std::string out;
  for (const schema::Violation& violation : judgement.violations) {
    const std::string where = violation.instance_pointer.empty() ? "the whole" : violation.instance_pointer;
    out += name + text_of(position_of(instance, violation.instance_pointer)) + ": " + visible(where) + ' ' +
           visible(violation.sentence) + " [" + violation.keyword + ", " + visible(violation.file) +
           text_of(violation.schema_position) + "]\n";
  }
  out += name + ": not valid, " + std::to_string(judgement.violations.size()) +
         (judgement.violations.size() == 1 ? " error\n" : " errors\n");
  return out;
}

}  // namespace caponier::cli
