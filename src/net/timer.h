// Timers: a hashed wheel of intrusive nodes, 1 ms ticks, O(1) to set and cancel. Times are steady
// milliseconds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace caponier::net {

class TimerNode {
 public:
  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;
  virtual void expired() = 0;
  [[nodiscard]] bool armed() const { return next_ != nullptr; }

 protected:
  ~TimerNode();  // cancels itself

 private:
  friend class TimerWheel;
  TimerNode* next_ = nullptr;
  TimerNode* previous_ = nullptr;
  std::int64_t at_ms_ = 0;
};

inline constexpr std::int64_t kNoDeadline = INT64_MAX;

class TimerWheel {
 public:
  explicit TimerWheel(std::int64_t now_ms);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  // Re-arming an armed node moves it. kNoDeadline cancels.
  void set(TimerNode& node, std::int64_t at_ms);
  static void cancel(TimerNode& node);
  // Fires everything due at `now_ms`. What is set meanwhile, even for the past, fires with the next call.
  void advance(std::int64_t now_ms);
  // Milliseconds until something may be due, at most `most_ms`; for the poller. `most_ms` if nothing is
  // armed.
  [[nodiscard]] std::int64_t next_in(std::int64_t now_ms, std::int64_t most_ms) const;
  void tighten() { earliest_ms_ = find_earliest(); }

 private:
  struct Head;
  static constexpr std::int64_t kBuckets = 2048;  // a power of two; one millisecond each
  [[nodiscard]] static std::size_t index_of(std::int64_t at_ms) {
    return static_cast<std::size_t>(at_ms & (kBuckets - 1));
  }
  [[nodiscard]] Head& bucket(std::int64_t at_ms);
  static void link(TimerNode& head, TimerNode& node);
  void collect_due(TimerNode& due);
  [[nodiscard]] std::int64_t find_earliest();

  std::vector<Head> buckets_;
  // A bit for each bucket that may hold nodes; cancelling the last one does not clear it.
  std::array<std::uint64_t, kBuckets / 64> occupied_{};
  std::int64_t tick_ms_;
  // Nothing is due before; may be too early, because cancelling does not move it.
  std::int64_t earliest_ms_ = kNoDeadline;
};

}  // namespace caponier::net
