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
constexpr double kExactIntegers = 1e15;  // below it, doubles tell neighbours apart

constexpr bool is_listed(std::initializer_list<Op> ops, std::span<const Instruction> instructions) {
  return std::ranges::all_of(
      instructions, [ops](const Instruction& i) { return std::ranges::find(ops, i.op) != ops.end(); });
}

// One enum and one pattern at most; nothing if there is more.
void add_texts(std::span<const Instruction> instructions, Block& block) {
  if (!is_listed({Op::kLength, Op::kEnum, Op::kPattern}, instructions) ||
      std::ranges::count(instructions, Op::kEnum, &Instruction::op) > 1 ||
      std::ranges::count(instructions, Op::kPattern, &Instruction::op) > 1)
    return;
  block.least_points = 0;
  block.most_points = kCountMax;
  for (const Instruction& i : instructions) {
    if (i.op == Op::kLength) {
      block.least_points = std::max(block.least_points, i.a);
      block.most_points = std::min(block.most_points, i.b);
    } else {
      (i.op == Op::kEnum ? block.texts : block.pattern) = i.a;
    }
  }
}

// Where the bound is no integer, those next to it are left to a closer look.
void add_bound(const NumberBound& bound, Block& block) {
  if (bound.upper) {
    block.below = std::min(block.below, bound.real);
  } else {
    block.above = std::max(block.above, bound.real);
  }
  const bool accepts_all = bound.upper ? bound.real > kAllIntegers : bound.real < -kAllIntegers;
  if (accepts_all) return;
  std::int64_t integer = bound.integer;
  const std::int64_t step = bound.upper ? -1 : 1;
  if (!bound.is_integer && std::fabs(bound.real) < kExactIntegers) {
    integer = static_cast<std::int64_t>(bound.real) + 2 * step;
  } else if (!bound.is_integer || (bound.exclusive && (integer == kIntegerMin || integer == kIntegerMax))) {
    block.least_integer = kIntegerMax;
    block.most_integer = kIntegerMin;
    return;
  } else if (bound.exclusive) {
    integer += step;
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

void add_numbers(const Program& program, std::span<const Instruction> instructions, Block& block) {
  if (!is_listed({Op::kBound, Op::kNumberFormat}, instructions)) return;
  block.least_integer = kIntegerMin;
  block.most_integer = kIntegerMax;
  // Whether a number that is not int64 is an integer takes a closer look.
  if ((block.types & kNumberBits) == kNumberBits) {
    block.above = -std::numeric_limits<double>::infinity();
    block.below = std::numeric_limits<double>::infinity();
  }
  for (const Instruction& i : instructions) {
    if (i.op == Op::kBound) {
      add_bound(program.bounds[i.a], block);
    } else {
      add_number_format(static_cast<Format>(i.flag), block);
    }
  }
}

void add_items(std::span<const Instruction> instructions, Block& block) {
  if (!is_listed({Op::kItemCount, Op::kItems}, instructions) || instructions.back().op != Op::kItems ||
      std::ranges::count(instructions, Op::kItems, &Instruction::op) > 1)
    return;
  for (const Instruction& i : instructions) {
    if (i.op == Op::kItems) {
      block.array = i.a;
    } else {
      block.least_items = std::max(block.least_items, i.a);
      block.most_items = std::min(block.most_items, i.b);
    }
  }
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
      if (bits != 0) add_texts(instructions, block);
    } else if (kind == json::Kind::kNumber) {
      if (bits != 0) add_numbers(program, instructions, block);
    } else if (kind == json::Kind::kArray) {
      add_items(instructions, block);
    } else if (kind == json::Kind::kObject) {
      if (instructions.size() == 1 && instructions[0].op == Op::kObject) block.object = instructions[0].a;
    }
  }
}

}  // namespace caponier::schema
