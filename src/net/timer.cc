#include "net/timer.h"

#include <algorithm>
#include <bit>

namespace caponier::net {

struct TimerWheel::Head final : TimerNode {
  void expired() override {}
};

TimerNode::~TimerNode() {
  TimerWheel::cancel(*this);
}

TimerWheel::TimerWheel(std::int64_t now_ms) : buckets_(kBuckets), tick_ms_(now_ms) {
  for (Head& head : buckets_) head.next_ = head.previous_ = &head;
}

TimerWheel::~TimerWheel() {
  for (Head& head : buckets_) {
    while (head.next_ != &head) cancel(*head.next_);
  }
}

TimerWheel::Head& TimerWheel::bucket(std::int64_t at_ms) {
  return buckets_[index_of(at_ms)];
}

void TimerWheel::link(TimerNode& head, TimerNode& node) {
  node.next_ = &head;
  node.previous_ = head.previous_;
  node.previous_->next_ = &node;
  head.previous_ = &node;
}

void TimerWheel::set(TimerNode& node, std::int64_t at_ms) {
  cancel(node);
  if (at_ms == kNoDeadline) return;
  node.at_ms_ = std::max(at_ms, tick_ms_);
  earliest_ms_ = std::min(earliest_ms_, node.at_ms_);
  const std::size_t index = index_of(node.at_ms_);
  occupied_[index / 64] |= std::uint64_t{1} << (index % 64);
  link(buckets_[index], node);
}

void TimerWheel::cancel(TimerNode& node) {
  if (!node.armed()) return;
  node.next_->previous_ = node.previous_;
  node.previous_->next_ = node.next_;
  node.next_ = node.previous_ = nullptr;
}

void TimerWheel::collect_due(TimerNode& due) {
  const std::int64_t last_ms = std::min(tick_ms_, earliest_ms_ + kBuckets - 1);
  for (std::int64_t at_ms = earliest_ms_; at_ms <= last_ms; ++at_ms) {
    Head& head = bucket(at_ms);
    for (TimerNode* node = head.next_; node != &head;) {
      TimerNode* next = node->next_;
      if (node->at_ms_ <= tick_ms_) {
        cancel(*node);
        link(due, *node);
      }
      node = next;
    }
  }
}

std::int64_t TimerWheel::find_earliest() {
  std::int64_t earliest_ms = kNoDeadline;
  for (std::int64_t at_ms = tick_ms_; at_ms < tick_ms_ + kBuckets; ++at_ms) {
    const std::size_t index = index_of(at_ms);
    std::uint64_t& word = occupied_[index / 64];
    const std::uint64_t bit = std::uint64_t{1} << (index % 64);
    if ((word & bit) == 0) {
      // On to the next bit that is set, or to the next word.
      const int zeros = std::countr_zero(word >> (index % 64));
      at_ms += std::min<std::int64_t>(zeros, static_cast<std::int64_t>(64 - index % 64)) - 1;
      continue;
    }
    Head& head = buckets_[index];
    if (head.next_ == &head) word &= ~bit;
    for (TimerNode* node = head.next_; node != &head; node = node->next_) {
      earliest_ms = std::min(earliest_ms, node->at_ms_);
    }
    // Later buckets hold later times only, or times of a later round.
    if (earliest_ms <= at_ms) break;
  }
  return earliest_ms;
}

void TimerWheel::advance(std::int64_t now_ms) {
  tick_ms_ = std::max(tick_ms_, now_ms);
  if (tick_ms_ < earliest_ms_) return;
  Head due;
  due.next_ = due.previous_ = &due;
  collect_due(due);
  earliest_ms_ = find_earliest();
  // A firing node may cancel, move or destroy any other, also those that wait here.
  while (due.next_ != &due) {
    TimerNode& node = *due.next_;
    cancel(node);
    node.expired();
  }
}

std::int64_t TimerWheel::next_in(std::int64_t now_ms, std::int64_t most_ms) const {
  if (earliest_ms_ == kNoDeadline) return most_ms;
  return std::clamp<std::int64_t>(earliest_ms_ - now_ms, 0, most_ms);
}

}  // namespace caponier::net
