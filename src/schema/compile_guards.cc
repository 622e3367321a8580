#include "schema/compile_guards.h"

#include <map>
#include <optional>
#include <span>

namespace caponier::schema {
namespace {

// Of schemas that an alternative refers to.
constexpr int kLevelsMax = 4;

std::span<const Instruction> instructions_for(const Program& p, const Block& block, json::Kind kind) {
  const auto at = static_cast<std::size_t>(kind);
  return std::span(p.instructions).subspan(block.start[at], block.start[at + 1] - block.start[at]);
}

// The enum of texts that whatever the block accepts is in.
std::optional<std::uint32_t> texts_of(const Program& p, const Block& block) {
  // What is not a text must not get past the block.
  for (const json::Kind kind : {json::Kind::kNull, json::Kind::kBoolean, json::Kind::kNumber,
                                json::Kind::kArray, json::Kind::kObject}) {
    const TypeSet bits = kind == json::Kind::kNumber ? kNumberBits : type_bit(kind);
    if ((block.types & bits) == 0) continue;
    bool listed = false;
    for (const Instruction& i : instructions_for(p, block, kind)) listed = listed || i.op == Op::kEnum;
    if (!listed) return std::nullopt;
  }
  for (const Instruction& i : instructions_for(p, block, json::Kind::kString)) {
    if (i.op == Op::kEnum && p.enums[i.a].others.empty()) return i.a;
  }
  return std::nullopt;
}

std::optional<Guard> guard_of(const Program& p, const Block& block, int levels) {
  for (const Instruction& i : instructions_for(p, block, json::Kind::kObject)) {
    if ((i.op == Op::kCall || i.op == Op::kPart) && levels > 0) {
      if (auto guard = guard_of(p, p.blocks[i.a], levels - 1)) return guard;
    }
    if (i.op != Op::kObject) continue;
    const ObjectPlan& plan = p.objects[i.a];
    for (std::uint32_t n = 0; n < plan.property_count; ++n) {
      const Property& property = p.properties[plan.first_property + n];
      if ((property.required_bit & plan.required) == 0 || property.block == kNone) continue;
      if (const auto texts = texts_of(p, p.blocks[property.block])) return Guard{property.name, *texts};
    }
  }
  return std::nullopt;
}

}  // namespace

void add_guards(Program& program, std::size_t first) {
  std::map<std::uint32_t, std::uint32_t> known;  // block to guard
  for (Alternative& alternative : std::span(program.alternatives).subspan(first)) {
    if (const auto found = known.find(alternative.block); found != known.end()) {
      alternative.guard = found->second;
      continue;
    }
    if (const auto guard = guard_of(program, program.blocks[alternative.block], kLevelsMax)) {
      alternative.guard = static_cast<std::uint32_t>(program.guards.size());
      program.guards.push_back(*guard);
    }
    known.emplace(alternative.block, alternative.guard);
  }
}

}  // namespace caponier::schema
