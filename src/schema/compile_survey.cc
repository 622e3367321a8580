// What a place holds, before it is compiled: whether its objects close, which bounds are named, which
// properties are withheld; and that no schema applies itself to the same value again.
#include <algorithm>

#include "schema/compiler.h"

namespace caponier::schema {
namespace {

constexpr std::size_t kInPlaceDepthMax = 64;
constexpr std::uint32_t kSurveyStepsMax = 50'000;

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
  const Standing here(*this, schema);
  const Scoped at{&schema, scope_};
  if (std::find(in_place_.begin(), in_place_.end(), at) != in_place_.end()) {
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
  in_place_.push_back(at);
  const bool ok = survey_keywords(schema, out, conditional, negated);
  in_place_.pop_back();
  return ok;
}

bool Compiler::survey_keywords(const Node& schema, Survey& out, bool conditional, bool negated) {
  if (!survey_references(schema, out, conditional, negated)) return false;
  if (hides_siblings(schema)) return true;
  if (!negated) {
    note_bound(schema, "maxLength", conditional, out.length);
    note_bound(schema, "maxItems", conditional, out.items);
    note_bound(schema, "maxProperties", conditional, out.members);
    survey_rests(schema, out, conditional);
  }
  survey_properties(schema, out, conditional, negated);
  for (const std::string_view keyword : {"allOf", "anyOf", "oneOf"}) {
    const Node* list = get(schema, keyword);
    if (list == nullptr || !list->is_array()) continue;
    for (const Node& part : *list) {
      if (!survey(part, out, conditional || keyword != "allOf", negated)) return false;
    }
  }
  if (const Node* excluded = get(schema, "not")) {
    if (!survey(*excluded, out, true, true)) return false;
  }
  return survey_conditions(schema, out, negated);
}

bool Compiler::survey_references(const Node& schema, Survey& out, bool conditional, bool negated) {
  for (const std::string_view keyword : {"$ref", "$dynamicRef", "$recursiveRef"}) {
    if (get(schema, keyword) == nullptr) continue;
    const Node* target = follow(schema, keyword);
    if (target == nullptr || !survey(*target, out, conditional, negated)) return false;
    if (hides_siblings(schema)) return true;
  }
  return true;
}

bool Compiler::survey_conditions(const Node& schema, Survey& out, bool negated) {
  for (const std::string_view keyword : {"dependentSchemas", "dependencies"}) {
    const Node* dependents = get(schema, keyword);
    if (dependents == nullptr) continue;
    for (const Node& part : *dependents) {
      if (!survey(part, out, true, negated)) return false;
    }
  }
  const Node* condition = get(schema, "if");
  if (condition == nullptr) return true;
  // Properties that only a condition mentions do not make an object a closed one.
  Survey found;
  if (!survey(*condition, found, true, negated)) return false;
  out.dynamic = out.dynamic || found.dynamic;
  out.dynamic_items = out.dynamic_items || found.dynamic_items;
  out.part_rests_on_names = out.part_rests_on_names || found.part_rests_on_names;
  out.part_rests_on_items = out.part_rests_on_items || found.part_rests_on_items;
  for (const std::string_view keyword : {"then", "else"}) {
    const Node* node = get(schema, keyword);
    if (node != nullptr && !survey(*node, out, true, negated)) return false;
  }
  return true;
}

void Compiler::survey_rests(const Node& schema, Survey& out, bool conditional) {
  const bool names = get(schema, "unevaluatedProperties") != nullptr;
  const bool items = get(schema, "unevaluatedItems") != nullptr;
  if (in_place_.size() > 1 || conditional) {
    out.part_rests_on_names = out.part_rests_on_names || (names && !items);
    out.part_rests_on_items = out.part_rests_on_items || (items && !names);
  }
  if (!conditional) return;
  for (const std::string_view keyword : {"items", "prefixItems", "contains"})
    out.dynamic_items = out.dynamic_items || get(schema, keyword) != nullptr;
  out.dynamic_items = out.dynamic_items || items;
}

void Compiler::survey_properties(const Node& schema, Survey& out, bool conditional, bool negated) {
  if (negated) return;
  bool lists = false;
  for (const std::string_view keyword : {"properties", "patternProperties"}) {
    const Node* listed = get(schema, keyword);
    if (listed == nullptr || !listed->is_object()) continue;
    lists = lists || listed->child_count > 0;
    if (keyword != "properties") continue;
    out.listed += listed->child_count;
    for (const Node& property : *listed) {
      if (withheld(property) != nullptr) out.withheld.insert(property.key);
    }
  }
  const bool speaks =
      get(schema, "additionalProperties") != nullptr || get(schema, "unevaluatedProperties") != nullptr;
  out.declares = out.declares || lists;
  out.dynamic = out.dynamic || (conditional && (lists || speaks));
  out.open = out.open || (!conditional && speaks);
}

// Whether an alternative speaks of names or items that somebody at the place asks for.
bool Compiler::covers_anything(const Node& schema, const Place& place) {
  Survey found;
  const std::vector<Scoped> outer = std::exchange(in_place_, {});
  const bool ok = survey(schema, found, true, false);
  in_place_ = outer;
  return ok && ((place.names_wanted && found.dynamic) || (place.items_wanted && found.dynamic_items));
}

// The keyword that withholds a property with this schema from the direction at hand, or null.
const Node* Compiler::withheld(const Node& schema, std::uint32_t depth) {
  if (!schema.is_object() || depth > 16 || direction_ == Direction::kNeither) return nullptr;
  if (schema.find("$ref") != nullptr) {
    const Node* target = follow(schema);
    const Node* found = target == nullptr ? nullptr : withheld(*target, depth + 1);
    if (found != nullptr || hides_siblings(schema)) return found;
  }
  const Node* said = schema.find(direction_ == Direction::kRequest ? "readOnly" : "writeOnly");
  if (said != nullptr && said->is_boolean() && said->boolean) return said;
  if (const Node* parts = schema.find("allOf"); parts != nullptr && parts->is_array()) {
    for (const Node& part : *parts) {
      if (const Node* found = withheld(part, depth + 1)) return found;
    }
  }
  for (const char* keyword : {"anyOf", "oneOf"}) {
    const Node* choices = schema.find(keyword);
    if (choices == nullptr || !choices->is_array()) continue;
    if (const Node* found = withheld_by_all(*choices, depth + 1)) return found;
  }
  return nullptr;
}

// Of alternatives all must withhold it; null is nothing to withhold.
const Node* Compiler::withheld_by_all(const Node& choices, std::uint32_t depth) {
  const Node* found = nullptr;
  for (const Node& choice : choices) {
    const Node* type = choice.is_object() ? choice.find("type") : nullptr;
    if (type != nullptr && type->is_string() && type->text == "null") continue;
    found = withheld(choice, depth);
    if (found == nullptr) return nullptr;
  }
  return found;
}

}  // namespace caponier::schema
