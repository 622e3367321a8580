#include "schema/compile_ranges.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <span>

namespace caponier::schema {
namespace {

constexpr std::int64_t kIntegerMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kIntegerMax = std::numeric_limits<std::int64_t>::max();
constexpr double kAllIntegers = 9.3e18;  // a little more than int64 holds

constexpr bool is_listed(std::initializer_list<Op> ops, std::span<const Instruction> instructions) {
  return std::ranges::all_of(
      instructions, [ops](const Instruction& i) { return std::ranges::find(ops, i.op) != ops.end(); });
}

// One enum and one pattern at most; false if there is more.
bool add_texts(std::span<const Instruction> instructions, Block& block) {
  if (!is_listed({Op::kLength, Op::kEnum, Op::kPattern}, instructions)) return false;
  for (const Instruction& i : instructions) {
    if (i.op == Op::kLength) {
      block.least_points = std::max(block.least_points, i.a);
      block.most_points = std::min(block.most_points, i.b);
      continue;
    }
    std::uint32_t& only = i.op == Op::kEnum ? block.texts : block.pattern;
    if (only != kNone) return false;
    only = i.a;
  }
  return true;
}

// Where the bound is no integer, those next to it are left to a closer look.
void add_bound(const NumberBound& bound, Block& block) {
  if (bound.upper) {
    block.below = std::min(block.below, bound.real);
  } else {
    block.above = std::max(block.above, bound.real);
  }
  std::int64_t integer = bound.integer;
  if (bound.is_integer && !bound.exclusive) {
    // As it is.
  } else if (bound.is_integer && integer != kIntegerMin && integer != kIntegerMax) {
    integer += bound.upper ? -1 : 1;
  } else if (std::fabs(bound.real) < 1e15) {
    integer = static_cast<std::int64_t>(bound.real) + (bound.upper ? -2 : 2);
  } else {
    const bool accepts_all = bound.upper ? bound.real > kAllIntegers : bound.real < -kAllIntegers;
    if (accepts_all) return;
    integer = bound.upper ? kIntegerMin : kIntegerMax;
  }
  if (bound.upper) {
    block.most_integer = std::min(block.most_integer, integer);
  } else {
    block.least_integer = std::max(block.least_integer, integer);
  }
}

void add_number_format(Format format, Block& block) {
  constexpr std::int64_t kInt32Min = -2'147'483'648;
  constexpr std::int64_t kInt32Max = 2'147'483'647;
  if (format == Format::kInt32) {
    block.least_integer = std::max(block.least_integer, kInt32Min);
    block.most_integer = std::min(block.most_integer, kInt32Max);
  }
  if (format == Format::kInt32 || format == Format::kInt64) {
    block.above = DBL_MAX;
  } else {
    const double most = format == Format::kFloat ? static_cast<double>(FLT_MAX) : DBL_MAX;
    block.above = std::max(block.above, -most);
    block.below = std::min(block.below, most);
  }
}

bool add_numbers(const Program& program, std::span<const Instruction> instructions, Block& block) {
  if (!is_listed({Op::kBound, Op::kNumberFormat}, instructions)) return false;
  for (const Instruction& i : instructions) {
    if (i.op == Op::kBound) {
      add_bound(program.bounds[i.a], block);
    } else {
      add_number_format(static_cast<Format>(i.flag), block);
    }
  }
  return true;
}

TypeSet bits_of(TypeSet types, json::Kind kind) {
  if (kind != json::Kind::kNumber) return types & type_bit(kind);
  const TypeSet bits = types & kNumberBits;
  // Whether a number that is not int64 is an integer takes a closer look.
  return bits == kNumberBits ? bits : bits & kIntegerBit;
}

}  // namespace

void add_ranges(const Program& program, Block& block) {
  for (std::size_t n = 0; n < block.start.size() - 1; ++n) {
    const auto kind = static_cast<json::Kind>(n);
    const TypeSet bits = bits_of(block.types, kind);
    const auto instructions =
        std::span(program.instructions).subspan(block.start[n], block.start[n + 1] - block.start[n]);
    if (instructions.empty()) {
      block.plain |= bits;
    } else if (kind == json::Kind::kString) {
      if (add_texts(instructions, block)) block.ranged |= bits;
    } else if (kind == json::Kind::kNumber) {
      if (add_numbers(program, instructions, block)) block.ranged |= bits;
    } else if (kind == json::Kind::kObject) {
      if (instructions.size() == 1 && instructions[0].op == Op::kObject) block.object = instructions[0].a;
    }
  }
}

}  // namespace caponier::schema
