// The evaluator's walk over a program, in two modes of one template, so that they cannot disagree:
// Machine<false> answers and stops at the first broken rule; Machine<true> goes on and reports every one.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "schema/program_data.h"
#include "schema/report.h"

namespace caponier::schema {

// Of blocks that lead to others. The instance's depth times the schema's own nesting stays far below it.
inline constexpr std::uint32_t kDepthMax = 1024;

// Shared by the machines that work on one instance.
struct Walk {
  const Program& program;
  const json::Document* document;
  const json::TapeNode* tape;
  std::int64_t steps;
  std::uint32_t depth = 0;
  Outcome stop = Outcome::kValid;  // a limit that was hit; whatever the machines then return means nothing

  Walk(const Program& p, json::Value instance)
      : program(p), document(instance.document()), tape(document->tape()), steps(p.steps_max) {}

  [[nodiscard]] json::Value value(const json::TapeNode* node) const {
    return {document, static_cast<std::uint32_t>(node - tape)};
  }
};

// Which alternatives held at one place of the instance, for its Closing.
struct Frame {
  std::array<std::uint64_t, kSlotsMax / 64> held{};
  void set(std::uint32_t slot) { held[slot / 64] |= std::uint64_t{1} << (slot % 64); }
  [[nodiscard]] bool has(std::uint32_t slot) const { return (held[slot / 64] >> (slot % 64)) & 1; }
  // Whether the alternative held, and all those around it up to the one that asks.
  [[nodiscard]] bool has(const Program& program, const Held& held_plan, std::uint32_t slot) const {
    while (slot != kNone && slot != held_plan.within) {
      if (!has(slot)) return false;
      slot = program.slot_parents[held_plan.parents][slot];
    }
    return true;
  }
};

template <bool kExplain>
class Machine {
 public:
  explicit Machine(Walk& walk, Report* report = nullptr) : walk_(walk), p_(walk.program), report_(report) {}

  // A block at a new place of the instance.
  bool at(std::uint32_t block, const json::TapeNode* node) {
    const Block& found = p_.blocks.data()[block];
    return is_plain(found, node) || judge(found, node);
  }

 private:
  template <bool>
  friend class Machine;
  using Node = json::TapeNode;

  // Whether the value's type, or one comparison, settles that the block accepts it: of most values they do.
  [[gnu::always_inline]] bool is_plain(const Block& block, const Node* node) {
    const TypeSet bit = node->type_bit;
    if ((block.plain & bit) != 0) return true;
    switch (bit) {
      case type_bit(json::Kind::kString):
        if (node->code_points < block.least_points || node->code_points > block.most_points) return false;
        return (block.texts & block.pattern) == kNone || is_text(block, node);
      case kIntegerBit:
        return node->integer >= block.least_integer && node->integer <= block.most_integer;
      case kFractionBit:
        return node->real > block.above && node->real < block.below;
      default:
        return false;
    }
  }
  // The same for a key, of which the code points are not counted.
  bool is_plain_name(const Block& block, const Node* key) {
    if ((block.plain & key->type_bit) != 0) return true;
    return block.least_points == 0 && block.most_points == kCountMax &&
           (block.texts & block.pattern) != kNone && is_text(block, key);
  }
  // What is_plain does not settle.
  bool judge(const Block& block, const Node* node) {
    if (block.tracks) return at_tracked(block, node);
    if (node->kind == json::Kind::kObject && block.object != kNone) return object_in(block.object, node);
    if (node->kind == json::Kind::kArray && block.array != kNone && node->length >= block.least_items &&
        node->length <= block.most_items) {
      return items_in(block.array, node);
    }
    return run(block, node, nullptr);
  }
  // Whether a string is of the block's texts and matches its pattern.
  bool is_text(const Block& block, const Node* node);
  [[gnu::noinline]] bool at_tracked(const Block& block, const Node* node);
  // A block at the same place as the one it is part of.
  bool run(const Block& block, const Node* node, Frame* frame);
  // Inlined: most instructions are shorter than a call.
  [[gnu::always_inline]] bool step(const Instruction& i, const Node* node, Frame* frame);
  [[gnu::noinline]] bool step_into(const Instruction& i, const Node* node, Frame* frame);
  bool apply(const Instruction& i, const Node* node, Frame* frame);
  bool fail(const Instruction& i, bool too_small = false) {
    if constexpr (kExplain) explain(i, too_small);
    return false;
  }
  void explain(const Instruction& i, bool too_small);
  [[gnu::cold]] bool fail_types(const Block& block, const Node* node);
  // Quietly, for schemas whose failure is not the instance's.
  bool holds(const Alternative& alternative, const Node* node, Frame* frame);

  bool range(const Instruction& i, std::uint32_t count);
  bool pattern(const Instruction& i, const Node* node);
  bool required(const Instruction& i, const Node* node);
  bool object(const ObjectPlan& plan, const Node* node);
  // One level deeper.
  bool object_in(std::uint32_t plan, const Node* node) {
    if (walk_.depth >= kDepthMax) return give_up(Outcome::kStepLimit);
    ++walk_.depth;
    const bool ok = object(p_.objects.data()[plan], node);
    --walk_.depth;
    return ok;
  }
  [[gnu::noinline]] bool member(const ObjectPlan& plan, const Property* property, const Node* key);
  bool other_members(const ObjectPlan& plan, const Node* key, std::uint32_t groups, bool declared);
  bool few_members(const ObjectPlan& plan, const Node* node);
  [[gnu::cold]] bool required_members(const ObjectPlan& plan, std::uint64_t seen);
  bool property_names(const Instruction& i, const Node* node);
  bool close(const Instruction& i, const Node* node, const Frame& frame);
  bool is_covered(const Closing& closing, const Frame& frame, const Node* key);
  bool close_items(const Instruction& i, const Node* node, const Frame& frame);
  bool is_covered(const ItemClosing& closing, const Frame& frame, const Node* item, std::uint32_t position);
  const Node* find_member(const Name& name, const Node* node) const;
  bool has_member(const Name& name, const Node* node);
  bool dependent_name(const Instruction& i, const Node* node);
  bool dependent(const Instruction& i, const Node* node, Frame* frame);
  bool take(const Alternative& branch, const Node* node, Frame* frame);
  bool matches_any_pattern(const ObjectPlan& plan, const Node* key);
  bool items(const ArrayPlan& plan, const Node* node);
  bool items_in(std::uint32_t plan, const Node* node) {
    if (walk_.depth >= kDepthMax) return give_up(Outcome::kStepLimit);
    ++walk_.depth;
    const bool ok = items(p_.arrays.data()[plan], node);
    --walk_.depth;
    return ok;
  }
  bool unique(const Instruction& i, const Node* node);
  bool contains(const Instruction& i, const Node* node);
  // The member that guards of alternatives were asked about last.
  struct Guarded {
    const Name* name = nullptr;
    const Node* value = nullptr;  // null: the object has none
  };
  bool is_ruled_out(const Alternative& alternative, const Node* node, Guarded& guarded);
  bool any_of(const Instruction& i, const Node* node, Frame* frame);
  bool one_of(const Instruction& i, const Node* node, Frame* frame);
  bool condition(const Instruction& i, const Node* node, Frame* frame);
  void explain_alternatives(const Instruction& i, const Node* node, Frame* frame);

  [[nodiscard]] const Node* after(const Node* node) const {
    return node->kind < json::Kind::kArray ? node + 1 : walk_.tape + node->end;
  }
  bool charge(std::int64_t steps) {
    walk_.steps -= steps;
    if (walk_.steps >= 0) [[likely]]
      return true;
    return give_up(Outcome::kStepLimit);
  }
  bool give_up(Outcome outcome) {
    if (walk_.stop == Outcome::kValid) walk_.stop = outcome;
    return false;
  }
  void enter(const Node* key, bool declared) {
    if constexpr (kExplain) report_->enter({key->text, key->length}, declared);
  }
  void enter(std::uint32_t position) {
    if constexpr (kExplain) report_->enter(position);
  }
  void leave() {
    if constexpr (kExplain) report_->leave();
  }
  // Whether to look at what comes next after `ok`.
  [[nodiscard]] bool go_on(bool ok) const {
    if constexpr (kExplain) return walk_.stop == Outcome::kValid && !report_->full();
    return ok;
  }

  Walk& walk_;
  const Program& p_;
  Report* report_;
};

}  // namespace caponier::schema
