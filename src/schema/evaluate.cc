#include <cfloat>
#include <cmath>

#include "base/canary.h"
#include "json/write.h"
#include "schema/decimal.h"
#include "schema/equality.h"
#include "schema/machine.h"
#include "schema/machine_array.h"
#include "schema/machine_object.h"
#include "schema/sentence.h"

namespace caponier::schema {
namespace {

int compare(json::Value value, const NumberBound& bound) {
  if (value.is_integer() && bound.is_integer) {
    return value.integer() < bound.integer ? -1 : static_cast<int>(value.integer() > bound.integer);
  }
  // Rounding to the nearest double keeps the order, so that only equal doubles need a closer look.
  const double real = value.real();
  if (real != bound.real) return real < bound.real ? -1 : 1;
  return compare_decimal(value.number_text(), bound.text);
}

bool within(json::Value value, const NumberBound& bound) {
  const int order = bound.upper ? compare(value, bound) : -compare(value, bound);
  return bound.exclusive ? order < 0 : order <= 0;
}

bool is_multiple_of(json::Value value, const Divisor& divisor) {
  if (value.is_integer() && divisor.exponent >= 0 && divisor.exponent <= 18) {
    std::uint64_t whole = divisor.mantissa;
    bool fits = true;
    for (std::int32_t n = 0; n < divisor.exponent && fits; ++n)
      fits = !__builtin_mul_overflow(whole, 10U, &whole);
    if (fits) {
      const std::int64_t integer = value.integer();
      const auto magnitude =
          integer < 0 ? 0 - static_cast<std::uint64_t>(integer) : static_cast<std::uint64_t>(integer);
      return magnitude % whole == 0;
    }
  }
  return is_multiple(value.number_text(), divisor.mantissa, divisor.exponent);
}

bool has_number_format(json::Value value, Format format) {
  constexpr std::int64_t kMin = -2'147'483'648;
  constexpr std::int64_t kMax = 2'147'483'647;
  switch (format) {
    case Format::kInt32:
      return value.is_integer() && value.integer() >= kMin && value.integer() <= kMax;
    case Format::kInt64:
      return value.is_integer();
    case Format::kFloat:
      return std::fabs(value.real()) <= static_cast<double>(FLT_MAX);
    default:
      return std::isfinite(value.real());
  }
}

bool is_listed(const EnumPlan& plan, json::Value value, std::int64_t& steps) {
  return std::ranges::any_of(plan.others, [&](json::Value other) { return equal(value, other, steps); });
}

bool is_listed_text(const Program& p, const EnumPlan& plan, const json::TapeNode* node) {
  if (node->length > plan.longest) return false;
  const Name* const names = plan.strings.data();
  return find_name(
             p, plan.slots, [names](std::uint32_t n) -> const Name& { return names[n]; },
             json::hash_bytes(node->text, node->length), node->text, node->length) != 0;
}

// Numbers whose type set takes integers only, or fractions only.
[[gnu::noinline]] bool has_number_type(const Walk& walk, TypeSet types, const json::TapeNode* node) {
  if ((types & kNumberBits) == 0) return false;
  const bool integral = node->is_integer() || is_integral(walk.value(node).number_text());
  return integral == ((types & kIntegerBit) != 0);
}

inline bool has_type(const Walk& walk, TypeSet types, const json::TapeNode* node) {
  if (node->kind != json::Kind::kNumber) return (types & type_bit(node->kind)) != 0;
  if ((types & kNumberBits) == kNumberBits || (node->is_integer() && (types & kIntegerBit) != 0)) return true;
  return has_number_type(walk, types, node);
}

}  // namespace

template <bool kExplain>
bool Machine<kExplain>::at_tracked(const Block& block, const Node* node) {
  Frame frame;
  return run(block, node, &frame);
}

template <bool kExplain>
bool Machine<kExplain>::is_text(const Block& block, const Node* node) {
  if (block.texts != kNone && !is_listed_text(p_, p_.enums.data()[block.texts], node)) return false;
  if (block.pattern == kNone) return true;
  return charge(node->length / 16) &&
         p_.patterns.data()[block.pattern].matches({node->text, node->length}) == pattern::Match::kYes;
}

template <bool kExplain>
bool Machine<kExplain>::run(const Block& block, const Node* node, Frame* frame) {
  if ((block.types & node->type_bit) == 0 && !has_type(walk_, block.types, node)) [[unlikely]]
    return fail_types(block, node);
  const auto kind = static_cast<std::size_t>(node->kind);
  const Instruction* i = p_.instructions.data() + block.start[kind];
  const Instruction* const end = p_.instructions.data() + block.start[kind + 1];
  if (!charge(1 + (end - i))) return false;
  bool ok = true;
  for (; i != end; ++i) {
    ok = step(*i, node, frame) && ok;
    if (!go_on(ok)) return false;
  }
  return ok;
}

template <bool kExplain>
inline bool Machine<kExplain>::step(const Instruction& i, const Node* node, Frame* frame) {
  switch (i.op) {
    case Op::kLength:
      if (!kExplain && canary("schema-length")) return true;
      return range(i, walk_.value(node).code_points());
    case Op::kItemCount:
    case Op::kMemberCount:
      return range(i, node->length);
    case Op::kBound: {
      const NumberBound& bound = p_.bounds.data()[i.a];
      if (node->is_integer() && bound.is_integer) [[likely]] {
        const bool holds =
            bound.upper ? (bound.exclusive ? node->integer < bound.integer : node->integer <= bound.integer)
                        : (bound.exclusive ? node->integer > bound.integer : node->integer >= bound.integer);
        return holds || fail(i);
      }
      // Rounding to the nearest double keeps the order, so that only equal doubles need a closer look.
      const double real = node->is_integer() ? static_cast<double>(node->integer) : node->real;
      if (real != bound.real) [[likely]]
        return (real < bound.real) == bound.upper || fail(i);
      return within(walk_.value(node), bound) || fail(i);
    }
    case Op::kEnum:
      if (node->kind == json::Kind::kString) return is_listed_text(p_, p_.enums.data()[i.a], node) || fail(i);
      return step_into(i, node, frame);
    case Op::kObject:
      return object_in(i.a, node);
    case Op::kItems:
      return items_in(i.a, node);
    case Op::kFormat:
      if (!charge(node->length / 16)) return false;
      return has_format(static_cast<Format>(i.flag), {node->text, node->length}) || fail(i);
    case Op::kPattern:
      return pattern(i, node);
    default:
      return step_into(i, node, frame);
  }
}

// Instructions that are rarer, or that lead to other blocks.
template <bool kExplain>
bool Machine<kExplain>::step_into(const Instruction& i, const Node* node, Frame* frame) {
  if (i.op == Op::kEnum) {
    const bool listed = is_listed(p_.enums.data()[i.a], walk_.value(node), walk_.steps);
    return charge(0) && (listed || fail(i));
  }
  if (walk_.depth >= kDepthMax) return give_up(Outcome::kStepLimit);
  ++walk_.depth;
  const bool ok = apply(i, node, frame);
  --walk_.depth;
  return ok && walk_.stop == Outcome::kValid;
}

template <bool kExplain>
inline bool Machine<kExplain>::apply(const Instruction& i, const Node* node, Frame* frame) {
  switch (i.op) {
    case Op::kMultipleOf:
      return is_multiple_of(walk_.value(node), p_.divisors[i.a]) || fail(i);
    case Op::kNumberFormat:
      return has_number_format(walk_.value(node), static_cast<Format>(i.flag)) || fail(i);
    case Op::kRequired:
      return required(i, node);
    case Op::kPropertyNames:
      return property_names(i, node);
    case Op::kUnique:
      return unique(i, node);
    case Op::kContains:
      return contains(i, node);
    case Op::kCall:
      return at(i.a, node);
    case Op::kNot:
      if (holds({i.a}, node, nullptr)) return fail(i);
      return walk_.stop == Outcome::kValid;
    case Op::kIf:
      return condition(i, node, frame);
    case Op::kAnyOf:
      return any_of(i, node, frame);
    case Op::kOneOf:
      return one_of(i, node, frame);
    case Op::kPart:
      return run(p_.blocks[i.a], node, frame);
    case Op::kDependent:
      return dependent(i, node, frame);
    case Op::kDependentName:
      return dependent_name(i, node);
    case Op::kClose:
      return close(i, node, *frame);
    case Op::kCloseItems: {
      // Without alternatives that speak of items, there is no frame, and none to note.
      static constexpr Frame kNothingHeld;
      return close_items(i, node, frame == nullptr ? kNothingHeld : *frame);
    }
    default:
      return fail(i);
  }
}

template <bool kExplain>
void Machine<kExplain>::explain(const Instruction& i, bool too_small) {
  if constexpr (kExplain) {
    const bool of_max = !too_small && i.origin_of_max != kNone;
    report_->add(of_max ? i.origin_of_max : i.origin, sentence(p_, i, too_small));
  }
}

template <bool kExplain>
bool Machine<kExplain>::fail_types(const Block& block, const Node* node) {
  if constexpr (kExplain) {
    for (std::uint32_t n = 0; n < block.type_rule_count; ++n) {
      const TypeRule& rule = p_.type_rules[block.first_type_rule + n];
      if (!has_type(walk_, rule.types, node)) report_->add(rule.origin, type_sentence(rule.types));
    }
  }
  return false;
}

template <bool kExplain>
bool Machine<kExplain>::range(const Instruction& i, std::uint32_t count) {
  if (count < i.a) return fail(i, true);
  return count <= i.b || fail(i, false);
}

template <bool kExplain>
bool Machine<kExplain>::pattern(const Instruction& i, const Node* node) {
  if (!charge(node->length / 16)) return false;
  switch (p_.patterns.data()[i.a].matches({node->text, node->length})) {
    case pattern::Match::kYes:
      return true;
    case pattern::Match::kNo:
      return fail(i);
    case pattern::Match::kLimit:
      break;
  }
  return give_up(Outcome::kPatternLimit);
}

template <bool kExplain>
bool Machine<kExplain>::holds(const Alternative& alternative, const Node* node, Frame* frame) {
  const Block& block = p_.blocks.data()[alternative.block];
  // A block that tracks is a schema with findings of its own.
  const bool own = block.tracks || frame == nullptr;
  const auto judged = [&](Machine<false> quiet) {
    return own ? quiet.at(alternative.block, node) : quiet.run(block, node, frame);
  };
  const bool ok = judged(Machine<false>(walk_));
  if (ok && frame != nullptr && alternative.slot != kNone) frame->set(alternative.slot);
  return ok;
}

// The alternatives of a union are mostly told apart by one member, which is then looked up once.
template <bool kExplain>
bool Machine<kExplain>::is_ruled_out(const Alternative& alternative, const Node* node, Guarded& guarded) {
  if (node->kind != json::Kind::kObject) return false;
  const Guard& guard = p_.guards[alternative.guard];
  if (guarded.name == nullptr || guarded.name->text != guard.name.text ||
      guarded.name->length != guard.name.length) {
    guarded.name = &guard.name;
    guarded.value = nullptr;
    if (!charge(node->length)) return false;
    if (const Node* const key = find_member(guard.name, node)) guarded.value = key + 1;
  }
  if (guarded.value == nullptr || guarded.value->kind != json::Kind::kString) return true;
  if (!charge(1)) return false;
  return !is_listed_text(p_, p_.enums[guard.texts], guarded.value);
}

template <bool kExplain>
bool Machine<kExplain>::any_of(const Instruction& i, const Node* node, Frame* frame) {
  bool found = false;
  Guarded guarded;
  for (std::uint32_t n = 0; n < i.b; ++n) {
    const Alternative& alternative = p_.alternatives.data()[i.a + n];
    if (alternative.guard != kNone && is_ruled_out(alternative, node, guarded)) continue;
    const bool ok = holds(alternative, node, frame);
    if (walk_.stop != Outcome::kValid) return false;
    found = found || ok;
    // Where members are tracked, every alternative has its say.
    if (ok && (i.flag & kTrackedFlag) == 0) return true;
  }
  if (found) return true;
  fail(i);
  explain_alternatives(i, node, frame);
  return false;
}

template <bool kExplain>
bool Machine<kExplain>::one_of(const Instruction& i, const Node* node, Frame* frame) {
  std::uint32_t found = 0;
  Guarded guarded;
  for (std::uint32_t n = 0; n < i.b && found < 2; ++n) {
    const Alternative& alternative = p_.alternatives.data()[i.a + n];
    if (alternative.guard != kNone && is_ruled_out(alternative, node, guarded)) continue;
    if (holds(alternative, node, frame)) ++found;
    if (walk_.stop != Outcome::kValid) return false;
  }
  if (found == 1) return true;
  fail(i, found == 0);
  if (found == 0) explain_alternatives(i, node, frame);
  return false;
}

// Adds what is wrong with the alternative that comes nearest, if one takes this kind of value at all.
template <bool kExplain>
void Machine<kExplain>::explain_alternatives(const Instruction& i, const Node* node, Frame* frame) {
  if constexpr (kExplain) {
    std::vector<Violation> nearest;
    for (std::uint32_t n = 0; n < i.b && !report_->full(); ++n) {
      const Block& block = p_.blocks[p_.alternatives[i.a + n].block];
      if (!has_type(walk_, block.types, node)) continue;
      const std::size_t before = report_->size();
      block.tracks ? at(p_.alternatives[i.a + n].block, node) : run(block, node, frame);
      std::vector<Violation> found = report_->take_after(before);
      if (walk_.stop != Outcome::kValid) return;
      if (!found.empty() && (nearest.empty() || found.size() < nearest.size())) nearest = std::move(found);
    }
    report_->append(std::move(nearest));
  }
}

template <bool kExplain>
bool Machine<kExplain>::condition(const Instruction& i, const Node* node, Frame* frame) {
  const Condition& plan = p_.conditions.data()[i.a];
  const bool first = holds(plan.condition, node, frame);
  if (walk_.stop != Outcome::kValid) return false;
  const Alternative& branch = first ? plan.then_branch : plan.else_branch;
  return branch.block == kNone || take(branch, node, frame);
}

// A schema that applies because its condition is met.
template <bool kExplain>
bool Machine<kExplain>::take(const Alternative& branch, const Node* node, Frame* frame) {
  const Block& block = p_.blocks.data()[branch.block];
  const bool own = block.tracks || frame == nullptr;
  const bool ok = own ? at(branch.block, node) : run(block, node, frame);
  if (ok && frame != nullptr && branch.slot != kNone) frame->set(branch.slot);
  return ok;
}

template class Machine<false>;
template class Machine<true>;

Outcome evaluate(const Entry& schema, json::Value instance) {
  Walk walk(*schema.program, instance);
  const bool ok = Machine<false>(walk).at(schema.root, &instance.node());
  if (walk.stop != Outcome::kValid) return walk.stop;
  return ok ? Outcome::kValid : Outcome::kInvalid;
}

std::vector<Violation> explain(const Entry& schema, json::Value instance, std::size_t violations_max) {
  Walk walk(*schema.program, instance);
  Report report(*schema.program, std::max<std::size_t>(violations_max, 1));
  const bool ok = Machine<true>(walk, &report).at(schema.root, &instance.node());
  std::vector<Violation> out = report.take();
  if (walk.stop != Outcome::kValid && out.empty()) {
    Violation limit;
    limit.outcome = walk.stop;
    limit.keyword = walk.stop == Outcome::kPatternLimit ? "pattern" : "steps";
    limit.sentence = walk.stop == Outcome::kPatternLimit
                         ? "could not be judged: a pattern needs too long for this text"
                         : "could not be judged: it needs more steps than one evaluation has";
    out.push_back(std::move(limit));
  } else if (!ok && out.empty()) {
    Violation refused;
    refused.sentence = "is not accepted";
    out.push_back(std::move(refused));
  }
  return out;
}

std::uint8_t root_types(const Entry& schema) {
  const TypeSet types = schema.root_types;
  const auto kinds = static_cast<std::uint8_t>(types & 0x3F);
  return (types & kIntegerBit) != 0 ? static_cast<std::uint8_t>(kinds | kFractionBit) : kinds;
}

bool root_is_integer(const Entry& schema) {
  return schema.root_types == kIntegerBit;
}

std::uint8_t item_types(const Entry& schema) {
  const TypeSet types = schema.item_types;
  const auto kinds = static_cast<std::uint8_t>(types & 0x3F);
  return (types & kIntegerBit) != 0 ? static_cast<std::uint8_t>(kinds | kFractionBit) : kinds;
}

}  // namespace caponier::schema
