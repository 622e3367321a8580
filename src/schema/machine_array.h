// The part of the machine that walks arrays.
#pragma once

#include "schema/equality.h"
#include "schema/machine.h"
#include "schema/sentence.h"

namespace caponier::schema {

template <bool kExplain>
bool Machine<kExplain>::items(const ArrayPlan& plan, const Node* node) {
  const std::uint32_t count = plan.rest == kNone ? std::min(node->length, plan.prefix_count) : node->length;
  bool ok = true;
  if (!charge(count)) return false;
  const Node* item = node + 1;
  if (!kExplain && plan.prefix_count == 0) {
    const Block& rest = p_.blocks.data()[plan.rest];
    for (std::uint32_t n = 0; n < count; ++n, item = after(item)) {
      if (!is_plain(rest, item) && !judge(rest, item)) return false;
    }
    return true;
  }
  for (std::uint32_t n = 0; n < count; ++n) {
    const std::uint32_t block =
        n < plan.prefix_count ? p_.prefix_blocks.data()[plan.first_prefix + n] : plan.rest;
    if (block != kNone) {
      enter(n);
      ok = at(block, item) && ok;
      leave();
      if (!go_on(ok)) return false;
    }
    item = after(item);
  }
  return ok;
}

template <bool kExplain>
bool Machine<kExplain>::unique(const Instruction& i, const Node* node) {
  const EqualItems found = find_equal_items(walk_.value(node), walk_.steps);
  if (!charge(0)) return false;
  if (found.first == found.second) return true;
  if constexpr (kExplain) {
    report_->add(i.origin, sentence(p_, i, false) + "; items " + std::to_string(found.first) + " and " +
                               std::to_string(found.second) + " are equal");
  }
  return false;
}

template <bool kExplain>
bool Machine<kExplain>::contains(const Instruction& i, const Node* node) {
  const ContainsPlan& plan = p_.contains[i.a];
  std::uint32_t found = 0;
  const Node* item = node + 1;
  for (std::uint32_t n = 0; n < node->length; ++n) {
    if (Machine<false>(walk_).at(plan.block, item)) ++found;
    if (walk_.stop != Outcome::kValid) return false;
    if (found > plan.max || (found >= plan.min && plan.max == kCountMax)) break;
    item = after(item);
  }
  if (found < plan.min) return fail({i.op, 0, i.a, 0, plan.origin_of_min}, true);
  if (found > plan.max) return fail({i.op, 0, i.a, 0, plan.origin_of_max}, false);
  return true;
}

template <bool kExplain>
bool Machine<kExplain>::is_covered(const ItemClosing& closing, const Frame& frame, const Node* item,
                                   std::uint32_t position) {
  for (const ItemCoverage& coverage : closing.coverage) {
    if (!charge(1)) return false;
    if (!frame.has(p_, closing.held, coverage.slot)) continue;
    if (position < coverage.prefix) return true;
    if (coverage.contains != kNone && Machine<false>(walk_).at(coverage.contains, item)) return true;
    if (walk_.stop != Outcome::kValid) return false;
  }
  return false;
}

template <bool kExplain>
bool Machine<kExplain>::close_items(const Instruction& i, const Node* node, const Frame& frame) {
  const ItemClosing& closing = p_.item_closings[i.a];
  bool ok = true;
  const Node* item = node + 1;
  for (std::uint32_t n = 0; n < node->length; ++n) {
    if (!is_covered(closing, frame, item, n)) {
      if (walk_.stop != Outcome::kValid) return false;
      enter(n);
      ok = at(closing.block, item) && ok;
      leave();
      if (!go_on(ok)) return false;
    }
    item = after(item);
  }
  return ok;
}

}  // namespace caponier::schema
