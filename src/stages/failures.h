// Failed authentications, counted by who failed: a budget that refills, and behind it a back-off that doubles
// each time the budget is used up. One fixed table of the process: whoever invents identities makes it forget
// others that failed once or twice, never grow. What has to wait longest is forgotten last.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

namespace caponier::stages {

// However often somebody failed, after this time without any more the next attempt is theirs.
inline constexpr std::int64_t kBackOffMaxUs = 15LL * 60 * 1'000'000;
// Identities that a process remembers at a time, and addresses.
inline constexpr std::uint32_t kFailuresRemembered = 1U << 16;

struct FailureBudget {
  std::uint32_t burst = 0;       // failures before the first wait
  std::uint32_t per_minute = 0;  // of them forgiven
};

class Failures {
 public:
  explicit Failures(std::uint32_t entries);  // rounded up to a power of two, at least 8

  // How long whoever `key` is has to wait; 0: not at all. Waits for nobody.
  [[nodiscard]] std::int64_t wait_us(std::uint64_t key, std::int64_t now_us) const;
  // One more failure, and how long the next attempt has to wait. While one has to wait nothing is counted:
  // what is refused for that alone makes nothing worse.
  std::int64_t note(std::uint64_t key, const FailureBudget& budget, std::int64_t now_us);

 private:
  // The first two are read by anybody through std::atomic_ref; all are written by who holds the latch.
  struct Slot {
    std::uint64_t key;  // 0: free
    std::int64_t held_until_us;
    std::int64_t forgiven_us;  // when all failures of the budget are
    std::uint32_t strikes;     // how often the budget was used up
  };
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  [[nodiscard]] Slot* neighbourhood(std::uint64_t key) const;
  [[nodiscard]] Slot& place(std::uint64_t key, std::int64_t now_us);
  static std::uint32_t strikes_left(const Slot& slot, std::int64_t now_us);

  std::unique_ptr<Slot[], Free> slots_;
  std::vector<std::atomic_flag> latches_;  // one per neighbourhood
  std::uint64_t mask_ = 0;                 // of neighbourhoods
};

}  // namespace caponier::stages
