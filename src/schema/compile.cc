#include "schema/compile.h"

#include <algorithm>

#include "schema/compiler.h"

namespace caponier::schema {
namespace {

constexpr std::size_t kBlocksMax = 100'000;
constexpr std::size_t kInstructionsMax = 500'000;
// The static closing is one more group beside those of additionalProperties.
constexpr std::uint32_t kClosingGroup = 1U << 31;

constexpr TypeSet bits_of(json::Kind kind) {
  return kind == json::Kind::kNumber ? kNumberBits : type_bit(kind);
}

}  // namespace

ProgramPtr compile(const Node& schema, const CompileOptions& options, const Resolver& resolver,
                   const FileOf& file_of, Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.error_count();
  auto program = std::make_shared<Program>();
  program->steps_max = options.defaults.steps_max;
  Compiler(options, resolver, file_of, diagnostics, *program).run(schema);
  if (diagnostics.error_count() > errors) return nullptr;
  return program;
}

void Compiler::run(const Node& schema) {
  const std::size_t errors = diagnostics_.error_count();
  p_.root = block_for(schema, true);
  while (!waiting_.empty() && !too_large_) {
    auto [block, place] = std::move(waiting_.back());
    waiting_.pop_back();
    compile_place(block, place);
  }
  if (diagnostics_.error_count() > errors) return;
  p_.root_types = allowed_types(p_.root);
  p_.item_types = allowed_item_types(p_.blocks[p_.root]);
}

std::uint32_t Compiler::block_for(Schemas schemas, bool closing) {
  for (const Node*& schema : schemas) schema = &past_references(*schema);
  const auto key = std::make_pair(schemas, closing);
  if (const auto known = blocks_.find(key); known != blocks_.end()) return known->second;
  const std::uint32_t block = add_block({});
  blocks_.emplace(key, block);
  Place place;
  place.schemas = std::move(schemas);
  place.closing = closing && options_.closed_objects;
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
  for (const Node* schema : place.schemas) {
    if (!within_bounds(*schema) || !survey(*schema, place.survey, false, false)) return;
  }
  const bool explicit_rest =
      place.schemas.size() == 1 && place.schemas[0]->find("unevaluatedProperties") != nullptr;
  place.tracks = place.survey.dynamic &&
                 (explicit_rest || (place.closing && place.survey.declares && !place.survey.open));
  Draft draft;
  for (const Node* schema : place.schemas) gather(*schema, place, draft);
  add_default_caps(place, draft);
  close_objects(place, draft);
  Block finished = finish(draft);
  finished.tracks = place.tracks;
  p_.blocks[block] = finished;
}

void Compiler::close_objects(Place& place, Draft& draft) {
  const Node& schema = *place.schemas[0];
  const Node* rest = is_30() || place.schemas.size() > 1 ? nullptr : schema.find("unevaluatedProperties");
  const bool implicit = place.closing && place.survey.declares && !place.survey.open;
  if ((rest == nullptr && !implicit) || (rest != nullptr && draft.covers_all)) return;
  std::uint32_t rest_block = kNone;
  if (rest != nullptr) {
    if (!is_schema(*rest)) return;
    if (rest->is_boolean() && rest->boolean) return;
    if (!rest->is_boolean()) rest_block = block_for(*rest, place.closing);
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
  closing.coverage = std::move(place.coverage);
  closing.parents = std::move(place.parents);
  if (draft.object.lists_names()) {
    // The plan is made here, so that the closing can name it.
    closing.object = finish_object(draft.object);
    draft.steps.push_back({{Op::kObject, 0, closing.object}, bits_of(json::Kind::kObject)});
    draft.object = {};
  }
  p_.closings.push_back(std::move(closing));
  const auto index = static_cast<std::uint32_t>(p_.closings.size() - 1);
  draft.steps.push_back({{Op::kClose, 0, index, 0, where}, bits_of(json::Kind::kObject)});
}

void Compiler::add_default_caps(const Place& place, Draft& draft) {
  if (options_.direction != Direction::kRequest) return;
  const Node& schema = *place.schemas[0];
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
  return block;
}

}  // namespace caponier::schema
