// Token buckets for everyone, in one fixed table of atomics: exact across workers, no locks, bounded memory. A bucket is
// one 64-bit theoretical arrival time (GCRA), so that taking a token is one compare-and-swap. Only buckets that have
// refilled are evicted; when a neighbourhood is full of live ones, the answer is kTableFull, and the caller refuses.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

namespace caponier::stages {

struct BucketTake {
  std::uint64_t key = 0;         // keyed hash of limit id and identity
  std::uint32_t capacity = 0;    // tokens in a full bucket
  std::int64_t window_us = 0;    // time in which `capacity` tokens come back
  std::uint32_t cost = 1;
};
struct BucketState {
  std::uint32_t remaining = 0;       // whole tokens left
  std::int64_t reset_us = 0;         // until the bucket is full again
  std::int64_t retry_after_us = 0;   // until `cost` tokens are there; 0 if taken
};
enum class Taken : std::uint8_t { kYes, kNo, kTableFull };

class Limiter {
 public:
  explicit Limiter(std::uint32_t entries);  // rounded up to a power of two
  ~Limiter();

  // All or nothing: either every bucket gives its tokens or none does. `states` has one element per take. On kNo, states
  // tells which refused (retry_after_us > 0).
  Taken take(std::span<const BucketTake> takes, std::span<BucketState> states, std::int64_t steady_us);
  // Whether `take` would succeed, without taking.
  Taken peek(const BucketTake& take, BucketState& state, std::int64_t steady_us) const;

 private:
  struct Slot;
  std::unique_ptr<Slot[]> slots_;
  std::uint64_t mask_ = 0;
};

}  // namespace caponier::stages
