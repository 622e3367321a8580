#include "stages/failures.h"

#include <algorithm>
#include <bit>
#include <thread>
#include <utility>

namespace caponier::stages {
namespace {

constexpr std::size_t kNeighbours = 8;
constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr std::uint32_t kStrikesMax = 40;

// 0 marks a free slot.
std::uint64_t filed_key(std::uint64_t key) {
  return key == 0 ? 1 : key;
}

template <class T>
T load(T& word) {
  return std::atomic_ref<T>(word).load(std::memory_order_acquire);
}

template <class T>
void store(T& word, T value) {
  std::atomic_ref<T>(word).store(value, std::memory_order_release);
}

// The first wait is the time in which one failure is forgiven; each one after it is twice as long.
std::int64_t wait_of(std::uint32_t strikes, std::int64_t interval_us) {
  std::int64_t wait = interval_us;
  for (std::uint32_t i = 1; i < strikes && wait < kBackOffMaxUs; ++i) wait *= 2;
  return std::max(interval_us, std::min(wait, kBackOffMaxUs));
}

}  // namespace

Failures::Failures(std::uint32_t entries) {
  const std::size_t count = std::bit_ceil(std::max<std::size_t>(entries, kNeighbours));
  slots_.reset(static_cast<Slot*>(std::calloc(count, sizeof(Slot))));
  if (!slots_) std::abort();  // at start, before anything is served
  latches_ = std::vector<std::atomic_flag>(count / kNeighbours);
  mask_ = count / kNeighbours - 1;
}

Failures::Slot* Failures::neighbourhood(std::uint64_t key) const {
  return &slots_[((key >> 32) & mask_) * kNeighbours];
}

std::int64_t Failures::wait_us(std::uint64_t key, std::int64_t now_us) const {
  const std::uint64_t filed = filed_key(key);
  Slot* const first = neighbourhood(filed);
  for (Slot* slot = first; slot != first + kNeighbours; ++slot) {
    if (load(slot->key) != filed) continue;
    const std::int64_t until_us = load(slot->held_until_us);
    // It may have gone to somebody else meanwhile.
    return load(slot->key) == filed ? std::max<std::int64_t>(0, until_us - now_us) : 0;
  }
  return 0;
}

// One strike is forgotten for each longest wait that passes in peace.
std::uint32_t Failures::strikes_left(const Slot& slot, std::int64_t now_us) {
  if (now_us <= slot.held_until_us) return slot.strikes;
  const std::int64_t forgotten = (now_us - slot.held_until_us) / kBackOffMaxUs;
  return forgotten >= slot.strikes ? 0 : slot.strikes - static_cast<std::uint32_t>(forgotten);
}

// Of the key; where it has none, in the place of whom it costs least to forget.
Failures::Slot& Failures::place(std::uint64_t key, std::int64_t now_us) {
  Slot* const first = neighbourhood(key);
  Slot* cheapest = first;
  std::pair<std::uint32_t, std::int64_t> least;
  for (Slot* slot = first; slot != first + kNeighbours; ++slot) {
    if (slot->key == key) return *slot;
    const std::pair cost{strikes_left(*slot, now_us), slot->key == 0 ? 0 : slot->forgiven_us};
    if (slot != first && cost >= least) continue;
    least = cost;
    cheapest = slot;
  }
  store(cheapest->key, std::uint64_t{0});
  store(cheapest->held_until_us, std::int64_t{0});
  cheapest->forgiven_us = 0;
  cheapest->strikes = 0;
  store(cheapest->key, key);
  return *cheapest;
}

std::int64_t Failures::note(std::uint64_t key, const FailureBudget& budget, std::int64_t now_us) {
  const std::uint64_t filed = filed_key(key);
  std::atomic_flag& latch = latches_[(filed >> 32) & mask_];
  while (latch.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  Slot& slot = place(filed, now_us);
  if (slot.held_until_us <= now_us) {
    const std::int64_t interval_us = kMinuteUs / std::max<std::uint32_t>(1, budget.per_minute);
    const std::int64_t used_us = std::max(slot.forgiven_us, now_us) - now_us + interval_us;
    slot.forgiven_us = now_us + used_us;
    if (used_us + interval_us > interval_us * budget.burst) {
      slot.strikes = std::min(strikes_left(slot, now_us) + 1, kStrikesMax);
      store(slot.held_until_us, now_us + wait_of(slot.strikes, interval_us));
    }
  }
  const std::int64_t wait_us = std::max<std::int64_t>(0, slot.held_until_us - now_us);
  latch.clear(std::memory_order_release);
  return wait_us;
}

}  // namespace caponier::stages
