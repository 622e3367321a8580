// Types, values, and the schemas that apply other schemas in place.
#include <algorithm>
#include <array>

#include "base/diagnostic.h"
#include "json/write.h"
#include "schema/compiler.h"

namespace caponier::schema {
namespace {

struct TypeName {
  std::string_view name;
  TypeSet types;
};
constexpr std::array kTypeNames = {
    TypeName{"null", type_bit(json::Kind::kNull)},
    TypeName{"boolean", type_bit(json::Kind::kBoolean)},
    TypeName{"number", kNumberBits},
    TypeName{"integer", kIntegerBit},
    TypeName{"string", type_bit(json::Kind::kString)},
    TypeName{"array", type_bit(json::Kind::kArray)},
    TypeName{"object", type_bit(json::Kind::kObject)},
};

// What a violation of `false` is named after: a keyword for the items that are left, if it is one.
std::string_view keyword_of_false(const Node& schema) {
  const bool beside_keywords = schema.parent != nullptr && schema.parent->is_object() &&
                               schema.parent->key != "properties" &&
                               schema.parent->key != "patternProperties";
  for (const std::string_view keyword : {"items", "additionalItems", "unevaluatedItems"}) {
    if (beside_keywords && schema.key == keyword) return keyword;
  }
  return "false";
}

}  // namespace

void Compiler::gather(const Node& schema, Place& place, Draft& draft) {
  const Standing here(*this, schema);
  const bool is_whole_place = place.schemas.size() == 1 && place.schemas[0].node == &schema;
  // Where a boolean stands in for a place's schema, whoever put it there has asked already.
  if (!(is_whole_place && schema.is_boolean()) && !is_schema(schema)) return;
  if (!within_bounds(schema)) return;
  if (schema.is_boolean()) {
    if (!schema.boolean)
      draft.steps.push_back({{Op::kNever, 0, 0, 0, origin(schema, keyword_of_false(schema))}, kAllTypes});
    return;
  }
  check(schema);
  const bool names = get(schema, "unevaluatedProperties") != nullptr;
  const bool items = get(schema, "unevaluatedItems") != nullptr;
  if (!is_whole_place && !hides_siblings(schema) && (names || items)) {
    // Where nobody asks for its findings beyond what it settles itself, it is a place of its own.
    if ((!place.names_wanted || names) && (!place.items_wanted || items)) {
      draft.steps.push_back({{Op::kCall, 0, block_for(schema, place.manner)}, kAllTypes});
      draft.covers_all = draft.covers_all || names;
      draft.covers_items = draft.covers_items || items;
      return;
    }
    return gather_part(schema, place, draft);
  }
  gather_keywords(schema, place, draft);
}

void Compiler::gather_keywords(const Node& schema, Place& place, Draft& draft) {
  for (const std::string_view keyword : {"$ref", "$dynamicRef", "$recursiveRef"}) {
    if (get(schema, keyword) == nullptr) continue;
    if (const Node* target = follow(schema, keyword)) gather(*target, place, draft);
    if (hides_siblings(schema)) return;
  }
  gather_type(schema, draft);
  if (const Node* list = get(schema, "enum")) gather_enum(*list, draft);
  if (const Node* value = get(schema, "const")) gather_const(*value, draft);
  gather_numbers(schema, draft);
  gather_strings(schema, draft);
  gather_arrays(schema, place, draft);
  gather_objects(schema, place, draft);
  gather_applicators(schema, place, draft);
}

TypeSet Compiler::type_named(const Node& name) {
  if (name.is_string()) {
    for (const TypeName& known : kTypeNames) {
      if (known.name == name.text && !(is_30() && known.name == "null")) return known.types;
    }
  }
  std::vector<std::string_view> candidates;
  for (const TypeName& known : kTypeNames) candidates.push_back(known.name);
  const std::string_view meant = name.is_string() ? did_you_mean(name.text, candidates) : std::string_view();
  bad(name, is_30() && name.text == "null" ? "OpenAPI 3.0 has no type null" : "there is no such type",
      is_30() && name.text == "null" ? "Use nullable: true."
      : meant.empty()                ? "Use string, number, integer, boolean, array or object."
                                     : "Did you mean \"" + std::string(meant) + "\"?");
  return kAllTypes;
}

void Compiler::gather_type(const Node& schema, Draft& draft) {
  const Node* type = get(schema, "type");
  if (type == nullptr) return;
  TypeSet types = 0;
  if (type->is_array() && !is_30()) {
    for (const Node& name : *type) types |= type_named(name);
    if (type->child_count == 0) return bad(*type, "type must name at least one type");
  } else {
    if (type->is_array()) return bad(*type, "OpenAPI 3.0 takes one type only", "Use nullable or anyOf.");
    types = type_named(*type);
  }
  const Node* nullable = get(schema, "nullable");
  if (nullable != nullptr && nullable->is_boolean() && nullable->boolean)
    types |= type_bit(json::Kind::kNull);
  draft.types &= types;
  draft.type_rules.push_back({types, origin(*type, "type")});
}

void Compiler::gather_enum(const Node& list, Draft& draft) {
  if (!list.is_array() || (list.child_count == 0 && options_.strict))
    return bad(list, "enum must be a list of at least one value");
  std::uint32_t& known = enums_[&list];
  if (known == kNone) {
    std::vector<const Node*> values;
    for (const Node& value : list) values.push_back(&value);
    known = add_enum(values);
  }
  draft.steps.push_back({{Op::kEnum, 0, known, 0, origin(list, "enum")}, kAllTypes});
}

void Compiler::gather_const(const Node& value, Draft& draft) {
  draft.steps.push_back({{Op::kEnum, 0, add_enum({&value}), 0, origin(value, "const")}, kAllTypes});
}

void Compiler::gather_applicators(const Node& schema, Place& place, Draft& draft) {
  if (const Node* list = get(schema, "allOf")) {
    if (!list->is_array() || list->child_count == 0)
      return bad(*list, "allOf must be a list of at least one schema");
    for (const Node& part : *list) gather(part, place, draft);
  }
  if (const Node* list = get(schema, "anyOf")) gather_alternatives(*list, Op::kAnyOf, place, draft);
  if (const Node* list = get(schema, "oneOf")) gather_alternatives(*list, Op::kOneOf, place, draft);
  if (const Node* excluded = get(schema, "not"); excluded != nullptr && is_schema(*excluded)) {
    // What must not match is not tightened by implicit rules, or more would be accepted; nor does it vouch
    // for names.
    const std::uint32_t block = block_for(*excluded, {.closing = false, .bare = true});
    draft.steps.push_back({{Op::kNot, 0, block, 0, origin(*excluded, "not")}, kAllTypes});
  }
  if (get(schema, "if") != nullptr) gather_condition(schema, place, draft);
  gather_dependencies(schema, place, draft);
}

void Compiler::gather_alternatives(const Node& list, Op op, Place& place, Draft& draft) {
  const std::string_view keyword = op == Op::kAnyOf ? "anyOf" : "oneOf";
  if (!list.is_array() || list.child_count == 0) {
    return bad(list, std::string(keyword) + " must be a list of at least one schema");
  }
  std::vector<Alternative> alternatives;
  for (const Node& schema : list) alternatives.push_back(branch(schema, place, draft.slot));
  const bool tracked = std::any_of(alternatives.begin(), alternatives.end(),
                                   [](const Alternative& alternative) { return alternative.slot != kNone; });
  const auto first = static_cast<std::uint32_t>(p_.alternatives.size());
  const auto count = static_cast<std::uint32_t>(alternatives.size());
  p_.alternatives.insert(p_.alternatives.end(), alternatives.begin(), alternatives.end());
  draft.steps.push_back(
      {{op, tracked ? kTrackedFlag : std::uint8_t{0}, first, count, origin(list, keyword)}, kAllTypes});
}

// A schema that applies at this place only under a condition.
Alternative Compiler::branch(const Node& schema, Place& place, std::uint32_t parent) {
  Alternative out{kNone, kNone};
  if (!is_schema(schema)) return {add_block({}), kNone};
  if (place.tracks && covers_anything(schema, place)) out.slot = new_slot(schema, place, parent);
  Draft inside;
  // Without names of its own, whatever is nested in it depends on the parent alone.
  inside.slot = out.slot == kNone ? parent : out.slot;
  gather(schema, place, inside);
  if (out.slot != kNone) cover(place, inside);
  out.block = add_block(finish(inside));
  return out;
}

std::uint32_t Compiler::new_slot(const Node& schema, Place& place, std::uint32_t parent) {
  std::vector<std::uint32_t>& parents = p_.slot_parents[place.slot_table];
  if (parents.size() >= kSlotsMax) {
    say(schema, Severity::kError, "schema-too-large", "one closed object composes more than 512 alternatives",
        "Write additionalProperties where its alternatives are listed.");
    return kNone;
  }
  parents.push_back(parent);
  return static_cast<std::uint32_t>(parents.size() - 1);
}

void Compiler::gather_condition(const Node& schema, Place& place, Draft& draft) {
  const Node* condition = get(schema, "if");
  Condition out{{kNone}, {kNone}, {kNone}};
  const bool closing = std::exchange(place.manner.closing, false);
  out.condition = branch(*condition, place, draft.slot);
  place.manner.closing = closing;
  if (const Node* node = get(schema, "then")) out.then_branch = branch(*node, place, draft.slot);
  if (const Node* node = get(schema, "else")) out.else_branch = branch(*node, place, draft.slot);
  p_.conditions.push_back(out);
  const auto index = static_cast<std::uint32_t>(p_.conditions.size() - 1);
  draft.steps.push_back({{Op::kIf, 0, index, 0, origin(*condition, "if")}, kAllTypes});
}

// What the block accepts as far as types go, for whoever decodes text into values.
TypeSet Compiler::allowed_types(std::uint32_t index) {
  if (const auto known = allowed_.find(index); known != allowed_.end()) return known->second;
  const Block& block = p_.blocks[index];
  TypeSet out = 0;
  for (std::size_t kind = 0; kind < 6; ++kind) {
    const auto json_kind = static_cast<json::Kind>(kind);
    TypeSet allowed = block.types & (json_kind == json::Kind::kNumber ? kNumberBits : type_bit(json_kind));
    for (std::uint32_t n = block.start[kind]; n < block.start[kind + 1]; ++n) {
      const Instruction& i = p_.instructions[n];
      if (i.op == Op::kNever) allowed = 0;
      if (i.op == Op::kCall || i.op == Op::kPart) allowed &= allowed_types(i.a);
      if (i.op == Op::kEnum) {
        TypeSet listed = p_.enums[i.a].strings.empty() ? TypeSet{0} : type_bit(json::Kind::kString);
        for (const json::Value& value : p_.enums[i.a].others) {
          listed |=
              value.is(json::Kind::kNumber) && value.is_integer() ? kIntegerBit : type_bit(value.kind());
        }
        allowed &= listed;
      }
      if (i.op != Op::kAnyOf && i.op != Op::kOneOf) continue;
      TypeSet any = 0;
      for (std::uint32_t a = 0; a < i.b; ++a) any |= allowed_types(p_.alternatives[i.a + a].block);
      allowed &= any;
    }
    out |= allowed;
  }
  allowed_.emplace(index, out);
  return out;
}

TypeSet Compiler::allowed_item_types(const Block& block) {
  constexpr auto kArray = static_cast<std::size_t>(json::Kind::kArray);
  TypeSet out = kAllTypes;
  for (std::uint32_t n = block.start[kArray]; n < block.start[kArray + 1]; ++n) {
    const Instruction& i = p_.instructions[n];
    if (i.op == Op::kCall || i.op == Op::kPart) out &= allowed_item_types(p_.blocks[i.a]);
    if (i.op == Op::kItems) {
      const ArrayPlan& plan = p_.arrays[i.a];
      if (plan.rest != kNone && plan.prefix_count == 0) out &= allowed_types(plan.rest);
    }
    if (i.op != Op::kAnyOf && i.op != Op::kOneOf) continue;
    TypeSet any = 0;
    for (std::uint32_t a = 0; a < i.b; ++a) {
      const Block& alternative = p_.blocks[p_.alternatives[i.a + a].block];
      if ((alternative.types & type_bit(json::Kind::kArray)) != 0) any |= allowed_item_types(alternative);
    }
    // Without an alternative for arrays there is nothing to say.
    if (any != 0) out &= any;
  }
  return out;
}

}  // namespace caponier::schema
