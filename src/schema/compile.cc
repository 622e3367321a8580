#include "schema/compile.h"

#include <algorithm>
#include <utility>

#include "schema/compile_guards.h"
#include "schema/compile_ranges.h"
#include "schema/compiler.h"

namespace caponier::schema {
namespace {

// Of one schema, beyond what others have compiled for it.
constexpr std::size_t kBlocksMax = 100'000;
constexpr std::size_t kInstructionsMax = 500'000;
// Of a program that more is added to. Indices have 32 bits, and more meanings of dynamic references fit.
constexpr std::size_t kSharedBlocksMax = 1'000'000;
constexpr std::size_t kSharedInstructionsMax = 5'000'000;
constexpr std::size_t kSharedScopesMax = 1'000;

constexpr TypeSet bits_of(json::Kind kind) {
  return kind == json::Kind::kNumber ? kNumberBits : type_bit(kind);
}

const Node& root_of(const Node& node) {
  const Node* at = &node;
  while (at->parent != nullptr) at = at->parent;
  return *at;
}

}  // namespace

ProgramPtr compile(const Node& schema, const CompileOptions& options, const Resolver& resolver,
                   const FileOf& file_of, Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.error_count();
  CompileOptions with_resources = options;
  Resources own(options.dialect);
  if (options.resources == nullptr) {
    own.add_schema(root_of(schema), {}, file_of(schema), diagnostics);
    with_resources.resources = &own;
  }
  ProgramBuilder builder(with_resources, resolver, file_of);
  ProgramPtr program = builder.add(schema, options.direction, diagnostics);
  builder.finish();
  return diagnostics.error_count() > errors ? nullptr : program;
}

ProgramBuilder::ProgramBuilder(CompileOptions options, Resolver resolver, FileOf file_of)
    : options_(options), resolver_(std::move(resolver)), file_of_(std::move(file_of)) {}

ProgramBuilder::~ProgramBuilder() = default;

ProgramPtr ProgramBuilder::add(const Node& schema, Direction direction, Diagnostics& diagnostics) {
  if (compiler_ != nullptr && compiler_->is_full()) finish();
  if (compiler_ == nullptr) {
    program_ = std::make_shared<Program>();
    program_->steps_max = options_.defaults.steps_max;
    compiler_ =
        std::make_unique<Compiler>(options_, *options_.resources, resolver_, file_of_, said_, *program_);
  }
  const Entry& entry = compiler_->run(schema, direction);
  ProgramPtr added(program_, &entry);
  const Diagnostics said = std::exchange(said_, {});
  for (const Diagnostic& diagnostic : said.all()) diagnostics.add(diagnostic);
  if (!said.has_errors()) return added;
  // No other schema may rest on what is wrong with this one.
  finish();
  return nullptr;
}

void ProgramBuilder::finish() {
  compiler_.reset();
  program_.reset();
}

bool Compiler::is_full() const {
  return p_.blocks.size() >= kSharedBlocksMax || p_.instructions.size() >= kSharedInstructionsMax ||
         scopes_.size() >= kSharedScopesMax;
}

const Entry& Compiler::run(const Node& schema, Direction direction) {
  const std::size_t errors = diagnostics_.error_count();
  direction_ = direction;
  first_block_ = p_.blocks.size();
  first_instruction_ = p_.instructions.size();
  const std::size_t first_alternative = p_.alternatives.size();
  scope_ = 0;
  grammar_ = resources_.default_grammar();
  const std::uint32_t root = block_for(schema, {.closing = options_.closed_objects});
  std::uint32_t& known = entries_[root + 1];
  if (known != kNone) return p_.entries[known];
  known = static_cast<std::uint32_t>(p_.entries.size());
  Entry& entry = p_.entries.emplace_back(Entry{&p_, root});
  while (!waiting_.empty() && !too_large_) {
    auto [block, place] = std::move(waiting_.back());
    waiting_.pop_back();
    compile_place(block, place);
  }
  if (diagnostics_.error_count() > errors) return entry;
  add_guards(p_, first_alternative);
  allowed_.clear();
  entry.root_types = allowed_types(root);
  entry.item_types = allowed_item_types(p_.blocks[root]);
  return entry;
}

std::uint32_t Compiler::block_for(Schemas schemas, Manner manner) {
  for (Scoped& schema : schemas) pass_references(schema);
  manner.closing = manner.closing && options_.closed_objects;
  std::uint32_t& known = known_block(schemas, manner);
  if (known != kNone) return known;
  const std::uint32_t block = add_block({});
  known = block;
  Place place;
  place.schemas = std::move(schemas);
  place.manner = manner;
  waiting_.emplace_back(block, std::move(place));
  return block;
}

std::uint32_t& Compiler::known_block(const Schemas& schemas, const Manner& manner) {
  if (schemas.size() == 1) return blocks_[{schemas[0].node, schemas[0].scope, direction_, manner}];
  return merged_blocks_.try_emplace({direction_, schemas, manner}, kNone).first->second;
}

std::uint32_t Compiler::add_block(const Block& block) {
  p_.blocks.push_back(block);
  return static_cast<std::uint32_t>(p_.blocks.size() - 1);
}

bool Compiler::within_bounds(const Node& node) {
  if (too_large_) return false;
  if (p_.blocks.size() - first_block_ < kBlocksMax &&
      p_.instructions.size() - first_instruction_ < kInstructionsMax)
    return true;
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
  if (direction_ != Direction::kRequest || place.manner.bare) return;
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
