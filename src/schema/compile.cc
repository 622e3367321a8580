#include "schema/compile.h"

#include <algorithm>

#include "schema/compile_guards.h"
#include "schema/compile_ranges.h"
#include "schema/compiler.h"

namespace caponier::schema {
namespace {

constexpr std::size_t kBlocksMax = 100'000;
constexpr std::size_t kInstructionsMax = 500'000;

constexpr TypeSet bits_of(json::Kind kind) {
  return kind == json::Kind::kNumber ? kNumberBits : type_bit(kind);
}

const Node& root_of(const Node& node) {
  const Node* at = &node;
  while (at->parent != nullptr) at = at->parent;
  return *at;
}

// A contract has thousands of programs, and each lives as long as the Plan: what was set aside while they
// grew goes.
void shrink(Program& p) {
  const auto each = [](auto&... lists) { (lists.shrink_to_fit(), ...); };
  each(p.instructions, p.blocks, p.type_rules, p.objects, p.properties, p.slots, p.pattern_properties,
       p.rules, p.arrays, p.prefix_blocks, p.contains, p.bounds, p.divisors, p.enums, p.patterns,
       p.required_names, p.alternatives, p.conditions, p.dependent_names, p.dependents, p.slot_parents,
       p.closings, p.item_closings, p.origins, p.paths, p.files, p.names);
}

}  // namespace

ProgramPtr compile(const Node& schema, const CompileOptions& options, const Resolver& resolver,
                   const FileOf& file_of, Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.error_count();
  auto program = std::make_shared<Program>();
  program->steps_max = options.defaults.steps_max;
  if (options.resources != nullptr) {
    Compiler(options, *options.resources, resolver, file_of, diagnostics, *program).run(schema);
  } else {
    Resources resources(options.dialect);
    resources.add_schema(root_of(schema), {}, file_of(schema), diagnostics);
    Compiler(options, resources, resolver, file_of, diagnostics, *program).run(schema);
  }
  if (diagnostics.error_count() > errors) return nullptr;
  shrink(*program);
  return program;
}

void Compiler::run(const Node& schema) {
  const std::size_t errors = diagnostics_.error_count();
  p_.root = block_for(schema, {.closing = options_.closed_objects});
  while (!waiting_.empty() && !too_large_) {
    auto [block, place] = std::move(waiting_.back());
    waiting_.pop_back();
    compile_place(block, place);
  }
  if (diagnostics_.error_count() > errors) return;
  add_guards(p_);
  p_.root_types = allowed_types(p_.root);
  p_.item_types = allowed_item_types(p_.blocks[p_.root]);
}

std::uint32_t Compiler::block_for(Schemas schemas, Manner manner) {
  for (Scoped& schema : schemas) pass_references(schema);
  manner.closing = manner.closing && options_.closed_objects;
  const auto key = std::make_pair(schemas, manner);
  if (const auto known = blocks_.find(key); known != blocks_.end()) return known->second;
  const std::uint32_t block = add_block({});
  blocks_.emplace(key, block);
  Place place;
  place.schemas = std::move(schemas);
  place.manner = manner;
  waiting_.emplace_back(block, std::move(place));
  return block;
}

std::uint32_t Compiler::add_block(const Block& block) {
  p_.blocks.push_back(block);
  return static_cast<std::uint32_t>(p_.blocks.size() - 1);
}

bool Compiler::within_bounds(const Node& node) {
  if (too_large_) return false;
  if (p_.blocks.size() < kBlocksMax && p_.instructions.size() < kInstructionsMax) return true;
  too_large_ = true;
  say(node, Severity::kError, "schema-too-large", "the schema unfolds into more than 100000 parts",
      "Split it, or refer to shared parts from properties rather than from allOf.");
  return false;
}

void Compiler::compile_place(std::uint32_t block, Place& place) {
  survey_steps_ = 0;
  for (const Scoped& schema : place.schemas) {
    scope_ = schema.scope;
    if (!within_bounds(*schema.node) || !survey(*schema.node, place.survey, false, false)) return;
  }
  plan_tracking(place);
  Draft draft;
  for (const Scoped& schema : place.schemas) {
    scope_ = schema.scope;
    gather(*schema.node, place, draft);
  }
  scope_ = place.schemas[0].scope;
  const Standing here(*this, *place.schemas[0].node);
  add_default_caps(place, draft);
  close(place, draft);
  Block finished = finish(draft);
  finished.tracks = place.tracks;
  p_.blocks[block] = finished;
}

void Compiler::add_default_caps(const Place& place, Draft& draft) {
  if (options_.direction != Direction::kRequest || place.manner.bare) return;
  const Node& schema = *place.schemas[0].node;
  const bool listed = std::any_of(draft.steps.begin(), draft.steps.end(),
                                  [](const Draft::Step& step) { return step.instruction.op == Op::kEnum; });
  if (listed) return;
  const SchemaDefaults& caps = options_.defaults;
  const Survey& survey = place.survey;
  add_cap(draft, Op::kLength, json::Kind::kString, survey.length, caps.string_code_points_max, schema,
          "maxLength");
  add_cap(draft, Op::kItemCount, json::Kind::kArray, survey.items, caps.array_items_max, schema, "maxItems");
  add_cap(draft, Op::kMemberCount, json::Kind::kObject, survey.members,
          std::max(caps.object_members_max, survey.listed), schema, "maxProperties");
}

void Compiler::add_cap(Draft& draft, Op op, json::Kind kind, const NamedBound& named, std::uint32_t cap,
                       const Node& schema, std::string_view keyword) {
  if (named.always || (draft.types & type_bit(kind)) == 0) return;
  cap = std::max(cap, named.largest);
  const std::uint32_t where = origin(schema, keyword);
  for (Draft::Step& step : draft.steps) {
    Instruction& i = step.instruction;
    if (i.op != op || i.b != kCountMax) continue;
    i.b = cap;
    i.flag = kDefaultCapFlag;
    i.origin_of_max = where;
    return;
  }
  draft.steps.push_back({{op, kDefaultCapFlag, 0, cap, where}, type_bit(kind)});
}

Block Compiler::finish(const Draft& draft) {
  std::vector<Draft::Step> steps = draft.steps;
  if (!draft.object.empty()) {
    steps.push_back({{Op::kObject, 0, finish_object(draft.object)}, bits_of(json::Kind::kObject)});
  }
  std::stable_sort(steps.begin(), steps.end(), [](const Draft::Step& a, const Draft::Step& b) {
    return a.instruction.op < b.instruction.op;
  });
  Block block;
  block.types = draft.types;
  block.first_type_rule = static_cast<std::uint32_t>(p_.type_rules.size());
  block.type_rule_count = static_cast<std::uint32_t>(draft.type_rules.size());
  p_.type_rules.insert(p_.type_rules.end(), draft.type_rules.begin(), draft.type_rules.end());
  for (std::size_t kind = 0; kind < 6; ++kind) {
    const TypeSet bits = bits_of(static_cast<json::Kind>(kind));
    block.start[kind] = static_cast<std::uint32_t>(p_.instructions.size());
    for (const Draft::Step& step : steps) {
      if ((step.kinds & bits & draft.types) != 0) p_.instructions.push_back(step.instruction);
    }
  }
  block.start[6] = static_cast<std::uint32_t>(p_.instructions.size());
  add_ranges(p_, block);
  return block;
}

}  // namespace caponier::schema
