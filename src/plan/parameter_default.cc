#include "plan/parameter_default.h"

#include "json/tree_value.h"

namespace caponier::plan {
namespace {

constexpr int kDepthMax = 16;  // of references and allOf

// The closest word holds: beside a reference, then where it leads, then what is put together.
const Node* find_default(Compilation& compilation, const Node& schema, int depth = 0) {
  if (!schema.is_object() || depth > kDepthMax) return nullptr;
  const bool refers = schema.find("$ref") != nullptr;
  if (!refers || compilation.contract.version != openapi::Version::k30) {
    if (const Node* own = schema.find("default")) return own;
  }
  if (refers) {
    const Node* target = compilation.programs.target(schema);
    const Node* found = target == nullptr ? nullptr : find_default(compilation, *target, depth + 1);
    if (found != nullptr || compilation.contract.version == openapi::Version::k30) return found;
  }
  const Node* all = schema.find("allOf");
  if (all == nullptr || !all->is_array()) return nullptr;
  for (const Node& branch : *all) {
    if (const Node* found = find_default(compilation, branch, depth + 1)) return found;
  }
  return nullptr;
}

// What is wrong with it; empty if nothing is.
std::string judge(const Parameter& parameter, const Node& value) {
  json::Document document;
  document.clear();
  if (json::add_value(document, value) != nullptr) return "JSON has no such number";
  if (parameter.allow_empty_value && value.is_string() && value.text.empty()) return {};
  const auto violations = schema::explain(*parameter.program, document.root(), 1);
  if (violations.empty()) return {};
  const schema::Violation& violation = violations.front();
  if (violation.outcome != schema::Outcome::kInvalid) return "it takes too long to judge";
  const std::string at = violation.instance_pointer.empty() ? "" : violation.instance_pointer + ' ';
  return at + violation.sentence + " (" + violation.keyword + ')';
}

}  // namespace

void note_default(Compilation& compilation, const Node& schema, Parameter& parameter) {
  const Node* value = find_default(compilation, schema);
  if (value == nullptr || parameter.program == nullptr) return;
  json::append_text(parameter.default_text, *value);
  const std::string wrong = judge(parameter, *value);
  if (wrong.empty()) return;
  compilation.report.finding_once(
      compilation.in_contract(value), "default-invalid",
      "the default of parameter " + quoted(parameter.name) + " is no value that its schema allows: " + wrong,
      "correct the default, or the schema: one of the two is not what the API does");
}

}  // namespace caponier::plan
