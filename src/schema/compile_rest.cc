// What happens to the properties and items that nobody spoke of: unevaluatedProperties, unevaluatedItems, and
// the closing of objects in contracts. As far as it is settled while compiling, it becomes a rule like that
// of additionalProperties; where alternatives decide, a frame notes which of them held.
#include <algorithm>

#include "schema/compiler.h"

namespace caponier::schema {
namespace {

// The static closing is one more group beside those of additionalProperties.
constexpr std::uint32_t kClosingGroup = 1U << 31;
constexpr TypeSet kObject = type_bit(json::Kind::kObject);
constexpr TypeSet kArray = type_bit(json::Kind::kArray);

}  // namespace

// Decides whether the place needs a frame.
void Compiler::plan_tracking(Place& place) {
  const Survey& found = place.survey;
  const Node& first = *place.schemas[0].node;
  scope_ = place.schemas[0].scope;
  const Standing here(*this, first);
  const bool alone = place.schemas.size() == 1 && !hides_siblings(first);
  place.names_wanted = (alone && get(first, "unevaluatedProperties") != nullptr) ||
                       (place.manner.closing && found.declares && !found.open);
  place.items_wanted = alone && get(first, "unevaluatedItems") != nullptr;
  const bool has_parts =
      (place.names_wanted && found.part_rests_on_items) || (place.items_wanted && found.part_rests_on_names);
  place.tracks =
      has_parts || (place.names_wanted && found.dynamic) || (place.items_wanted && found.dynamic_items);
  if (!place.tracks) return;
  place.slot_table = static_cast<std::uint32_t>(p_.slot_parents.size());
  p_.slot_parents.emplace_back();
}

// The rules for what is left at the place as a whole.
void Compiler::close(Place& place, Draft& draft) {
  const Node& schema = *place.schemas[0].node;
  const bool alone = place.schemas.size() == 1 && !hides_siblings(schema);
  if (const Node* rest = alone ? get(schema, "unevaluatedItems") : nullptr)
    close_items(place, draft, *rest, 0);
  if (const Node* rest = alone ? get(schema, "unevaluatedProperties") : nullptr) {
    close_objects(place, draft, schema, rest, 0);
  } else if (place.manner.closing && place.survey.declares && !place.survey.open) {
    close_objects(place, draft, schema, nullptr, 0);
  }
}

// A part of a place with rules for what it leaves, whose findings others at the place ask for.
void Compiler::gather_part(const Node& schema, Place& place, Draft& draft) {
  const Node* names = get(schema, "unevaluatedProperties");
  const Node* items = get(schema, "unevaluatedItems");
  const std::size_t first_name = place.coverage.size();
  const std::size_t first_item = place.item_coverage.size();
  const bool names_wanted = std::exchange(place.names_wanted, true);
  const bool items_wanted = std::exchange(place.items_wanted, true);
  Draft inside;
  inside.slot = draft.slot;
  gather_keywords(schema, place, inside);
  cover(place, inside);
  if (items != nullptr) close_items(place, inside, *items, first_item);
  if (names != nullptr) close_objects(place, inside, schema, names, first_name);
  place.names_wanted = names_wanted;
  place.items_wanted = items_wanted;
  if (names != nullptr) place.coverage.push_back({draft.slot, kNone});
  if (items != nullptr) place.item_coverage.push_back({draft.slot, kCountMax});
  draft.covers_all = draft.covers_all || names != nullptr || inside.covers_all;
  draft.covers_items = draft.covers_items || items != nullptr || inside.covers_items;
  draft.steps.push_back({{Op::kPart, 0, add_block(finish(inside))}, kAllTypes});
}

// Notes what an alternative, or a part, speaks of, for those who ask about the rest.
void Compiler::cover(Place& place, Draft& inside) {
  if (inside.covers_all) {
    place.coverage.push_back({inside.slot, kNone});
  } else if (inside.object.lists_names()) {
    const std::uint32_t object = finish_object(inside.object);
    place.coverage.push_back({inside.slot, object});
    inside.steps.push_back({{Op::kObject, 0, object}, kObject});
    inside.object = {};
  }
  if (inside.covers_items) {
    place.item_coverage.push_back({inside.slot, kCountMax});
    return;
  }
  if (inside.prefix > 0) place.item_coverage.push_back({inside.slot, inside.prefix});
  for (const std::uint32_t block : inside.contains) place.item_coverage.push_back({inside.slot, 0, block});
}

// `rest` is null for a contract's own closing.
void Compiler::close_objects(Place& place, Draft& draft, const Node& schema, const Node* rest,
                             std::size_t first) {
  if (rest != nullptr && draft.covers_all) return;
  std::uint32_t rest_block = kNone;
  if (rest != nullptr) {
    if (!is_schema(*rest)) return;
    if (rest->is_boolean() && rest->boolean) return;
    if (!rest->is_boolean()) rest_block = block_for(*rest, place.manner);
  }
  const std::uint32_t where =
      rest != nullptr ? origin(*rest, "unevaluatedProperties") : origin(schema, "additionalProperties");
  if (!place.tracks) {
    for (PropertyDraft& property : draft.object.properties) {
      if (property.declared) property.groups |= kClosingGroup;
    }
    for (PatternProperty& pattern : draft.object.patterns) pattern.groups |= kClosingGroup;
    draft.object.rules.push_back({kClosingGroup, rest_block, where});
    return;
  }
  Closing closing;
  closing.block = rest_block;
  closing.coverage.assign(place.coverage.begin() + static_cast<std::ptrdiff_t>(first), place.coverage.end());
  closing.held = {place.slot_table, draft.slot};
  if (draft.object.lists_names()) {
    // The plan is made here, so that the closing can name it.
    closing.object = finish_object(draft.object);
    draft.steps.push_back({{Op::kObject, 0, closing.object}, kObject});
    draft.object = {};
  }
  p_.closings.push_back(std::move(closing));
  const auto index = static_cast<std::uint32_t>(p_.closings.size() - 1);
  draft.steps.push_back({{Op::kClose, 0, index, 0, where}, kObject});
}

void Compiler::close_items(Place& place, Draft& draft, const Node& rest, std::size_t first) {
  if (draft.covers_items || !is_schema(rest) || (rest.is_boolean() && rest.boolean)) return;
  const std::uint32_t block = block_for(rest, place.manner);
  if (!place.tracks && draft.contains.empty()) {
    ArrayPlan plan;
    plan.first_prefix = static_cast<std::uint32_t>(p_.prefix_blocks.size());
    plan.prefix_count = draft.prefix;
    plan.rest = block;
    p_.prefix_blocks.insert(p_.prefix_blocks.end(), draft.prefix, kNone);
    p_.arrays.push_back(plan);
    draft.steps.push_back({{Op::kItems, 0, static_cast<std::uint32_t>(p_.arrays.size() - 1)}, kArray});
    return;
  }
  ItemClosing closing;
  closing.block = block;
  closing.coverage.assign(place.item_coverage.begin() + static_cast<std::ptrdiff_t>(first),
                          place.item_coverage.end());
  closing.held = {place.slot_table, draft.slot};
  if (draft.prefix > 0) closing.coverage.push_back({kNone, draft.prefix});
  for (const std::uint32_t wanted : draft.contains) closing.coverage.push_back({kNone, 0, wanted});
  p_.item_closings.push_back(std::move(closing));
  const auto index = static_cast<std::uint32_t>(p_.item_closings.size() - 1);
  draft.steps.push_back({{Op::kCloseItems, 0, index, 0, origin(rest, "unevaluatedItems")}, kArray});
}

// dependentRequired, dependentSchemas, and dependencies, which was both of them.
void Compiler::gather_dependencies(const Node& schema, Place& place, Draft& draft) {
  for (const std::string_view keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
    const Node* dependencies = get(schema, keyword);
    if (dependencies == nullptr) continue;
    if (!dependencies->is_object()) {
      bad(*dependencies, std::string(keyword) + " must be an object");
      continue;
    }
    for (const Node& dependency : *dependencies) {
      const bool names =
          keyword == "dependentRequired" || (keyword == "dependencies" && dependency.is_array());
      if (names) {
        gather_dependent_names(dependency, keyword, draft);
      } else if (is_schema(dependency)) {
        p_.dependents.push_back({name(dependency.key), branch(dependency, place, draft.slot)});
        const auto index = static_cast<std::uint32_t>(p_.dependents.size() - 1);
        draft.steps.push_back({{Op::kDependent, 0, index, 0, origin(dependency, keyword)}, kObject});
      }
    }
  }
}

void Compiler::gather_dependent_names(const Node& dependency, std::string_view keyword, Draft& draft) {
  if (!dependency.is_array()) return bad(dependency, std::string(keyword) + " must hold lists of names");
  for (const Node& needed : dependency) {
    if (!needed.is_string()) {
      bad(needed, std::string(keyword) + " must hold lists of names");
      continue;
    }
    p_.dependent_names.push_back({name(dependency.key), name(needed.text)});
    const auto index = static_cast<std::uint32_t>(p_.dependent_names.size() - 1);
    draft.steps.push_back({{Op::kDependentName, 0, index, 0, origin(needed, keyword)}, kObject});
  }
}

}  // namespace caponier::schema
