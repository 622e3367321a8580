// What a place holds, before it is compiled: whether its objects close, which bounds are named, which
// properties are withheld; and that no schema applies itself to the same value again.
#include <algorithm>

#include "schema/compiler.h"

namespace caponier::schema {
namespace {

constexpr std::size_t kInPlaceDepthMax = 64;
constexpr std::uint32_t kSurveyStepsMax = 50'000;
constexpr std::uint32_t kReferenceHopsMax = 64;

void note_bound(const Node& schema, std::string_view keyword, bool conditional, NamedBound& out) {
  const Node* node = schema.find(keyword);
  const auto value = node == nullptr ? std::nullopt : node->integer();
  if (!value || *value < 0) return;
  if (!conditional) out.always = true;
  out.largest = std::max(out.largest, static_cast<std::uint32_t>(std::min<std::int64_t>(*value, kCountMax)));
}

}  // namespace

// False if the place cannot be compiled.
bool Compiler::survey(const Node& schema, Survey& out, bool conditional, bool negated) {
  if (!schema.is_object()) return true;
  if (std::find(in_place_.begin(), in_place_.end(), &schema) != in_place_.end()) {
    say(schema, Severity::kError, "schema-cycle",
        "the schema applies itself to the same value again, without end",
        "Refer to it from a property or from items, not from allOf, anyOf, oneOf, not or $ref alone.");
    return false;
  }
  if (in_place_.size() >= kInPlaceDepthMax || ++survey_steps_ > kSurveyStepsMax) {
    say(schema, Severity::kError, "schema-too-large",
        "more schemas are composed at one place than can be judged",
        "Compose fewer schemas with allOf, anyOf, oneOf and $ref.");
    return false;
  }
  in_place_.push_back(&schema);
  const bool ok = survey_keywords(schema, out, conditional, negated);
  in_place_.pop_back();
  return ok;
}

bool Compiler::survey_keywords(const Node& schema, Survey& out, bool conditional, bool negated) {
  if (schema.find("$ref") != nullptr) {
    const Node* target = follow(schema);
    if (target == nullptr || !survey(*target, out, conditional, negated)) return false;
    if (is_30()) return true;
  }
  if (!negated) {
    note_bound(schema, "maxLength", conditional, out.length);
    note_bound(schema, "maxItems", conditional, out.items);
    note_bound(schema, "maxProperties", conditional, out.members);
  }
  survey_properties(schema, out, conditional, negated);
  for (const std::string_view keyword : {"allOf", "anyOf", "oneOf"}) {
    const Node* list = schema.find(keyword);
    if (list == nullptr || !list->is_array()) continue;
    for (const Node& part : *list) {
      if (!survey(part, out, conditional || keyword != "allOf", negated)) return false;
    }
  }
  if (const Node* excluded = schema.find("not")) {
    if (!survey(*excluded, out, true, true)) return false;
  }
  if (is_30()) return true;
  // Properties that only a condition mentions do not make an object a closed one.
  Survey condition;
  if (const Node* node = schema.find("if")) {
    if (!survey(*node, condition, true, negated)) return false;
    out.dynamic = out.dynamic || condition.dynamic;
  }
  for (const std::string_view keyword : {"then", "else"}) {
    const Node* node = schema.find(keyword);
    if (node != nullptr && !survey(*node, out, true, negated)) return false;
  }
  return true;
}

void Compiler::survey_properties(const Node& schema, Survey& out, bool conditional, bool negated) {
  if (negated) return;
  bool lists = false;
  for (const std::string_view keyword : {"properties", "patternProperties"}) {
    const Node* listed = schema.find(keyword);
    if (listed == nullptr || !listed->is_object()) continue;
    lists = lists || listed->child_count > 0;
    if (keyword != "properties") continue;
    out.listed += listed->child_count;
    for (const Node& property : *listed) {
      if (withheld(property) != nullptr) out.withheld.insert(property.key);
    }
  }
  const bool speaks =
      schema.find("additionalProperties") != nullptr || schema.find("unevaluatedProperties") != nullptr;
  out.declares = out.declares || lists;
  out.dynamic = out.dynamic || (conditional && (lists || speaks));
  out.open = out.open || (!conditional && speaks);
}

bool Compiler::covers_names(const Node& schema) {
  Survey found;
  const std::vector<const Node*> outer = std::exchange(in_place_, {});
  const bool ok = survey(schema, found, true, false);
  in_place_ = outer;
  return ok && found.dynamic;
}

// The keyword that withholds a property with this schema from the direction at hand, or null.
const Node* Compiler::withheld(const Node& schema, std::uint32_t depth) {
  if (!schema.is_object() || depth > 16) return nullptr;
  if (schema.find("$ref") != nullptr) {
    const Node* target = follow(schema);
    const Node* found = target == nullptr ? nullptr : withheld(*target, depth + 1);
    if (found != nullptr || is_30()) return found;
  }
  const Node* said = schema.find(options_.direction == Direction::kRequest ? "readOnly" : "writeOnly");
  if (said != nullptr && said->is_boolean() && said->boolean) return said;
  const Node* parts = schema.find("allOf");
  if (parts == nullptr || !parts->is_array()) return nullptr;
  for (const Node& part : *parts) {
    if (const Node* found = withheld(part, depth + 1)) return found;
  }
  return nullptr;
}

// Where the schema's $ref leads, or null.
const Node* Compiler::follow(const Node& schema) {
  if (const auto known = targets_.find(&schema); known != targets_.end()) return known->second;
  const Node* reference = schema.find("$ref");
  const Node* target = nullptr;
  if (!reference->is_string()) {
    bad(*reference, "$ref must be a string");
  } else {
    const std::size_t errors = diagnostics_.error_count();
    target = resolver_(schema, reference->text, diagnostics_);
    if (target == nullptr && diagnostics_.error_count() == errors) {
      say(*reference, Severity::kError, "unresolved-ref", "the $ref leads nowhere",
          "Check the file and the pointer.");
    }
  }
  if (target != nullptr && !is_schema(*target)) target = nullptr;
  targets_.emplace(&schema, target);
  return target;
}

bool Compiler::only_refers(const Node& schema) {
  if (!schema.is_object() || schema.find("$ref") == nullptr) return false;
  if (is_30()) return true;
  for (const Node& member : schema) {
    if (member.key != "$ref" && member.key != "description" && member.key != "summary" &&
        member.key != "title")
      return false;
  }
  return true;
}

// Schemas that are nothing but a reference share the block of what they refer to.
const Node& Compiler::past_references(const Node& schema) {
  const Node* at = &schema;
  for (std::uint32_t hops = 0; only_refers(*at) && hops < kReferenceHopsMax; ++hops) {
    check(*at);
    const Node* target = follow(*at);
    if (target == nullptr) break;
    at = target;
  }
  return *at;
}

}  // namespace caponier::schema
