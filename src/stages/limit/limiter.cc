#include "stages/limit/limiter.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>
#include <thread>

namespace caponier::stages {
namespace {

constexpr std::size_t kNeighbours = 8;
constexpr std::uint64_t kBusy = ~std::uint64_t{0};

// 0 marks a free slot.
std::uint64_t filed_key(std::uint64_t key) {
  return key == 0 ? 1 : key;
}

std::uint64_t nanoseconds(std::int64_t us) {
  return us <= 0 ? 0 : static_cast<std::uint64_t>(us) * 1000;
}

std::int64_t microseconds_up(std::uint64_t ns) {
  return static_cast<std::int64_t>((ns + 999) / 1000);
}

std::uint64_t load(std::uint64_t& word) {
  return std::atomic_ref<std::uint64_t>(word).load(std::memory_order_acquire);
}

void store(std::uint64_t& word, std::uint64_t value) {
  std::atomic_ref<std::uint64_t>(word).store(value, std::memory_order_release);
}

bool swap(std::uint64_t& word, std::uint64_t& expected, std::uint64_t value) {
  return std::atomic_ref<std::uint64_t>(word).compare_exchange_strong(expected, value,
                                                                      std::memory_order_acq_rel);
}

}  // namespace

// A take in nanoseconds: what it asks for, and how far ahead of now a bucket's arrival time may be.
struct Limiter::Shape {
  explicit Shape(const BucketTake& take)
      : interval(
            take.capacity == 0 ? 0 : std::max<std::uint64_t>(1, nanoseconds(take.window_us) / take.capacity)),
        cost(interval * take.cost),
        tolerance(interval * take.capacity) {}

  [[nodiscard]] bool allows(std::uint64_t arrival, std::uint64_t now) const {
    return tolerance > 0 && std::max(arrival, now) - now + cost <= tolerance;
  }

  // Fills `state` for a bucket whose arrival time is `arrival` before the take, and tells whether it may be
  // taken from.
  bool judge(std::uint64_t arrival, std::uint64_t now, BucketState& state) const {
    const std::uint64_t used = std::max(arrival, now) - now;
    const bool allowed = allows(arrival, now);
    const std::uint64_t used_then = allowed ? used + cost : used;
    state.remaining =
        used_then < tolerance ? static_cast<std::uint32_t>((tolerance - used_then) / interval) : 0;
    state.reset_us = microseconds_up(used_then);
    state.retry_after_us = allowed ? 0 : std::max<std::int64_t>(1, microseconds_up(used + cost - tolerance));
    return allowed;
  }

  std::uint64_t interval;  // in which one token comes back
  std::uint64_t cost;
  std::uint64_t tolerance;
};

Limiter::Limiter(std::uint32_t entries) {
  const std::size_t count = std::bit_ceil(std::max<std::size_t>(entries, kNeighbours));
  slots_.reset(static_cast<Slot*>(std::calloc(count, sizeof(Slot))));
  if (!slots_) std::abort();  // at start, before anything is served
  latches_ = std::vector<std::atomic_flag>(count / kNeighbours);
  mask_ = count / kNeighbours - 1;
}

Limiter::Slot* Limiter::neighbourhood(std::uint64_t key) const {
  return &slots_[((key >> 32) & mask_) * kNeighbours];
}

Limiter::Slot* Limiter::find(std::uint64_t key) const {
  Slot* first = neighbourhood(key);
  for (Slot* slot = first; slot != first + kNeighbours; ++slot) {
    if (load(slot->key) == key) return slot;
  }
  return nullptr;
}

// Of the bucket as it is now; 0 if it has none.
std::uint64_t Limiter::arrival_of(const BucketTake& take) const {
  const std::uint64_t key = filed_key(take.key);
  Slot* slot = find(key);
  if (slot == nullptr) return 0;
  const std::uint64_t arrival = load(slot->arrival_ns);
  // Only a refilled bucket changes hands.
  return arrival == kBusy || load(slot->key) != key ? 0 : arrival;
}

Taken Limiter::peek(const BucketTake& take, BucketState& state, std::int64_t steady_us) const {
  return Shape(take).judge(arrival_of(take), nanoseconds(steady_us), state) ? Taken::kYes : Taken::kNo;
}

bool Limiter::would_give(const BucketTake& take, std::int64_t steady_us) const {
  return Shape(take).allows(arrival_of(take), nanoseconds(steady_us));
}

Taken Limiter::take(std::span<const BucketTake> takes, std::span<BucketState> states,
                    std::int64_t steady_us) {
  if (takes.size() == 1) return take_one(takes[0], states[0], nanoseconds(steady_us));
  // Look first, so that a refusal by one bucket hardly ever makes another give and take back.
  if (!std::ranges::all_of(takes, [&](const BucketTake& one) { return would_give(one, steady_us); })) {
    bool all = true;
    for (std::size_t i = 0; i < takes.size(); ++i) {
      if (peek(takes[i], states[i], steady_us) != Taken::kYes) all = false;
    }
    if (!all) return Taken::kNo;
  }
  for (std::size_t i = 0; i < takes.size(); ++i) {
    const Taken taken = take_one(takes[i], states[i], nanoseconds(steady_us));
    if (taken == Taken::kYes) continue;
    for (std::size_t j = 0; j < i; ++j) refund(takes[j]);
    return taken;
  }
  return Taken::kYes;
}

// A slot's arrival time is read before its key and compared again by the swap. Since a slot changes hands
// only through kBusy and starts anew above every arrival time it had (claim), a swap that succeeds met the
// key that was read.
Taken Limiter::take_one(const BucketTake& take, BucketState& state, std::uint64_t now_ns) {
  const Shape shape(take);
  const std::uint64_t key = filed_key(take.key);
  for (;;) {
    Slot* slot = find(key);
    if (slot == nullptr) {
      if (!shape.judge(0, now_ns, state)) return Taken::kNo;
      const Taken claimed = claim(key, now_ns + shape.cost, now_ns);
      if (claimed != Taken::kNo) return claimed;
      continue;
    }
    std::uint64_t arrival = load(slot->arrival_ns);
    if (arrival == kBusy || load(slot->key) != key) continue;
    if (!shape.judge(arrival, now_ns, state)) return Taken::kNo;
    if (swap(slot->arrival_ns, arrival, std::max(arrival, now_ns) + shape.cost)) return Taken::kYes;
  }
}

// Files a key with its first take already done; kNo if somebody else has just filed it.
Taken Limiter::claim(std::uint64_t key, std::uint64_t arrival_ns, std::uint64_t now_ns) {
  std::atomic_flag& latch = latches_[(key >> 32) & mask_];
  while (latch.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  Taken result = Taken::kTableFull;
  Slot* first = neighbourhood(key);
  if (find(key) != nullptr) {
    result = Taken::kNo;
  } else {
    for (Slot* slot = first; slot != first + kNeighbours; ++slot) {
      std::uint64_t old = load(slot->arrival_ns);
      const bool refilled = load(slot->key) == 0 || old < now_ns;
      if (!refilled || !swap(slot->arrival_ns, old, kBusy)) continue;
      store(slot->key, key);
      store(slot->arrival_ns, arrival_ns);
      result = Taken::kYes;
      break;
    }
  }
  latch.clear(std::memory_order_release);
  return result;
}

void Limiter::refund(const BucketTake& take) {
  const Shape shape(take);
  const std::uint64_t key = filed_key(take.key);
  for (;;) {
    Slot* slot = find(key);
    if (slot == nullptr) return;  // refilled and evicted meanwhile
    std::uint64_t arrival = load(slot->arrival_ns);
    if (arrival == kBusy || load(slot->key) != key) continue;
    if (arrival < shape.cost || swap(slot->arrival_ns, arrival, arrival - shape.cost)) return;
  }
}

}  // namespace caponier::stages
