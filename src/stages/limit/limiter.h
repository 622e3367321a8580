// Token buckets for everyone, in one fixed table of atomics: exact across workers, bounded memory. A bucket
// is one 64-bit theoretical arrival time (GCRA), so that taking a token is one compare-and-swap and waits for
// nobody; only a key that is not in the table takes its neighbourhood's latch. Only buckets that have
// refilled are evicted; when a neighbourhood is full of live ones, the answer is kTableFull, and the caller
// refuses.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

namespace caponier::stages {

struct BucketTake {
  std::uint64_t key = 0;       // keyed hash of limit id and identity
  std::uint32_t capacity = 0;  // tokens in a full bucket; 0 refuses always
  std::int64_t window_us = 0;  // time in which `capacity` tokens come back
  std::uint32_t cost = 1;
};
struct BucketState {
  std::uint32_t remaining = 0;      // whole tokens left
  std::int64_t reset_us = 0;        // until the bucket is full again
  std::int64_t retry_after_us = 0;  // until `cost` tokens are there; 0 if taken
};
enum class Taken : std::uint8_t { kYes, kNo, kTableFull };

class Limiter {
 public:
  explicit Limiter(std::uint32_t entries);  // rounded up to a power of two, at least 8

  // All or nothing: either every bucket gives its tokens or none does. `states` has one element per take. On
  // kNo, states tells which refused (retry_after_us > 0).
  Taken take(std::span<const BucketTake> takes, std::span<BucketState> states, std::int64_t steady_us);
  // Whether `take` would succeed, without taking.
  Taken peek(const BucketTake& take, BucketState& state, std::int64_t steady_us) const;
  // The same for those who ask nothing else: no division but one.
  [[nodiscard]] bool would_give(const BucketTake& take, std::int64_t steady_us) const;

 private:
  // Read and written through std::atomic_ref. The table comes zeroed from the kernel and costs memory where
  // it is used.
  struct Slot {
    std::uint64_t key;         // 0: free
    std::uint64_t arrival_ns;  // theoretical arrival time; kBusy while the slot changes hands
  };
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  struct Shape;

  [[nodiscard]] Slot* neighbourhood(std::uint64_t key) const;
  [[nodiscard]] Slot* find(std::uint64_t key) const;
  [[nodiscard]] std::uint64_t arrival_of(const BucketTake& take) const;
  Taken take_one(const BucketTake& take, BucketState& state, std::uint64_t now_ns);
  Taken claim(std::uint64_t key, std::uint64_t arrival_ns, std::uint64_t now_ns);
  void refund(const BucketTake& take);

  std::unique_ptr<Slot[], Free> slots_;
  std::vector<std::atomic_flag> latches_;  // one per neighbourhood
  std::uint64_t mask_ = 0;                 // of neighbourhoods
};

}  // namespace caponier::stages
