// Keywords of objects, and the plan that one pass over the members follows.
#include <algorithm>
#include <vector>

#include "schema/compile_slots.h"
#include "schema/compiler.h"

namespace caponier::schema {
namespace {

constexpr TypeSet kObject = type_bit(json::Kind::kObject);
constexpr std::uint32_t kFewNames = 2;
constexpr std::uint32_t kGroupsMax = 31;     // the 32nd bit belongs to closing
constexpr std::size_t kRequiredInMask = 64;  // the rest are looked for one by one

// What settles most members.
void add_short_cuts(Program& p, ObjectPlan& plan) {
  if (plan.pattern_count > 0) return;
  bool settles_all = plan.rule_count == 0;
  if (plan.rule_count == 0) plan.rest = kAnything;
  if (plan.rule_count == 1) {
    plan.rest = p.rules[plan.first_rule].block;
    plan.closed = plan.rest == kNone;
  }
  for (std::uint32_t n = 0; n < plan.property_count; ++n) {
    Property& property = p.properties[plan.first_property + n];
    const bool settled = (plan.all_groups & ~property.groups) == 0 && property.forbidden_origin == kNone;
    if (settled) property.only = property.block == kNone ? kAnything : property.block;
    settles_all = settles_all && settled;
  }
  plan.few = settles_all && plan.property_count <= kFewNames;
}

}  // namespace

PropertyDraft& ObjectDraft::property(std::string_view name) {
  const auto [entry, added] = by_name.emplace(name, properties.size());
  if (added) properties.push_back({name});
  return properties[entry->second];
}

bool ObjectDraft::lists_names() const {
  return !patterns.empty() || std::any_of(properties.begin(), properties.end(),
                                          [](const PropertyDraft& property) { return property.declared; });
}

void Compiler::gather_objects(const Node& schema, Place& place, Draft& draft) {
  gather_range(schema, draft, Op::kMemberCount, kObject, "minProperties", "maxProperties");
  draft.object.manner = place.manner;
  const Node* additional = get(schema, "additionalProperties");
  std::uint32_t group = 0;
  if (additional != nullptr) {
    draft.covers_all = true;
    if (!additional->is_boolean() || !additional->boolean) {
      if (draft.object.groups_used >= kGroupsMax) {
        say(*additional, Severity::kError, "schema-too-large",
            "more than 31 schemas composed here write additionalProperties");
        return;
      }
      group = 1U << draft.object.groups_used++;
    }
  }
  if (const Node* properties = get(schema, "properties")) gather_properties(*properties, draft, group);
  if (const Node* patterns = get(schema, "patternProperties")) {
    gather_pattern_properties(*patterns, place, draft, group);
  }
  if (group != 0) gather_additional(*additional, place, draft, group);
  if (const Node* required = get(schema, "required")) gather_required(*required, place, draft);
  if (const Node* names = get(schema, "propertyNames")) {
    if (is_schema(*names))
      draft.steps.push_back(
          {{Op::kPropertyNames, 0, block_for(*names, {.closing = false, .bare = true})}, kObject});
  }
}

void Compiler::gather_properties(const Node& properties, Draft& draft, std::uint32_t group) {
  if (!properties.is_object()) return bad(properties, "properties must be an object of schemas");
  for (const Node& schema : properties) {
    if (!is_schema(schema)) continue;
    PropertyDraft& property = draft.object.property(schema.key);
    property.declared = true;
    property.groups |= group;
    const Scoped scoped{&schema, scope_};
    if (std::find(property.schemas.begin(), property.schemas.end(), scoped) == property.schemas.end())
      property.schemas.push_back(scoped);
    if (const Node* flag = withheld(schema)) {
      property.forbidden_origin = origin(*flag, direction_ == Direction::kRequest ? "readOnly" : "writeOnly");
    }
  }
}

void Compiler::gather_pattern_properties(const Node& patterns, Place& place, Draft& draft,
                                         std::uint32_t group) {
  if (!patterns.is_object()) return bad(patterns, "patternProperties must be an object of schemas");
  for (const Node& schema : patterns) {
    if (!is_schema(schema)) continue;
    const std::uint32_t pattern = pattern_index(schema, schema.key);
    if (pattern == kNone) continue;
    draft.object.patterns.push_back({pattern, block_for(schema, place.manner), group});
  }
}

void Compiler::gather_additional(const Node& additional, Place& place, Draft& draft, std::uint32_t group) {
  if (!additional.is_object() && !additional.is_boolean()) {
    return bad(additional, "additionalProperties must be a schema or a boolean");
  }
  const std::uint32_t block = additional.is_boolean() ? kNone : block_for(additional, place.manner);
  draft.object.rules.push_back({group, block, origin(additional, "additionalProperties")});
}

void Compiler::gather_required(const Node& required, const Place& place, Draft& draft) {
  if (!required.is_array()) {
    return bad(required, "required must be a list of names",
               "Name required properties in the list of the object that has them.");
  }
  auto in_mask = static_cast<std::size_t>(
      std::count_if(draft.object.properties.begin(), draft.object.properties.end(),
                    [](const PropertyDraft& property) { return property.required; }));
  for (const Node& entry : required) {
    if (!entry.is_string()) {
      bad(entry, "required must be a list of names");
      continue;
    }
    // What must not be sent cannot be missed.
    if (place.survey.withheld.contains(entry.text)) continue;
    const std::uint32_t where = origin(entry, "required");
    if (in_mask >= kRequiredInMask) {
      p_.required_names.push_back(name(entry.text));
      const auto index = static_cast<std::uint32_t>(p_.required_names.size() - 1);
      draft.steps.push_back({{Op::kRequired, 0, index, 0, where}, kObject});
      continue;
    }
    PropertyDraft& property = draft.object.property(entry.text);
    if (property.required) continue;
    property.required = true;
    property.required_origin = where;
    ++in_mask;
  }
}

std::uint32_t Compiler::finish_object(const ObjectDraft& object) {
  ObjectPlan plan;
  plan.first_property = static_cast<std::uint32_t>(p_.properties.size());
  plan.property_count = static_cast<std::uint32_t>(object.properties.size());
  std::uint32_t required = 0;
  for (const PropertyDraft& draft : object.properties) {
    Property property;
    property.name = name(draft.name);
    property.declared = draft.declared;
    property.groups = draft.groups;
    property.forbidden_origin = draft.forbidden_origin;
    if (!draft.schemas.empty()) property.block = block_for(draft.schemas, object.manner);
    if (draft.required) {
      property.required_bit = std::uint64_t{1} << required++;
      property.required_origin = draft.required_origin;
      plan.required |= property.required_bit;
    }
    p_.properties.push_back(property);
  }
  std::vector<std::uint64_t> hashes;
  for (std::uint32_t n = 0; n < plan.property_count; ++n)
    hashes.push_back(p_.properties[plan.first_property + n].name.hash);
  plan.slots = add_slots(p_, hashes);
  plan.first_pattern = static_cast<std::uint32_t>(p_.pattern_properties.size());
  plan.pattern_count = static_cast<std::uint32_t>(object.patterns.size());
  p_.pattern_properties.insert(p_.pattern_properties.end(), object.patterns.begin(), object.patterns.end());
  plan.first_rule = static_cast<std::uint32_t>(p_.rules.size());
  plan.rule_count = static_cast<std::uint32_t>(object.rules.size());
  p_.rules.insert(p_.rules.end(), object.rules.begin(), object.rules.end());
  for (const AdditionalRule& rule : object.rules) plan.all_groups |= rule.group;
  plan.required_count = required;
  add_short_cuts(p_, plan);
  p_.objects.push_back(plan);
  return static_cast<std::uint32_t>(p_.objects.size() - 1);
}

}  // namespace caponier::schema
