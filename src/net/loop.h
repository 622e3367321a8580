// One event loop per worker thread. Everything that belongs to a loop is touched by its thread alone; post()
// is the one door for others. The real loop is epoll, edge-triggered (epoll_loop.h); the simulator's runs on
// a fake clock.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>

#include "base/clock.h"
#include "net/timer.h"

namespace caponier::net {

class Loop {
 public:
  virtual ~Loop() = default;

  // The time as of this turn of the loop; cheap.
  [[nodiscard]] const Now& now() const { return now_; }
  [[nodiscard]] std::int64_t now_ms() const { return now_.steady_ms(); }
  TimerWheel& timers() { return timers_; }

  // From any thread: `work` runs on the loop's thread, soon.
  virtual void post(std::function<void()> work) = 0;
  virtual void run() = 0;
  // From any thread.
  virtual void stop() = 0;
  // Called at the end of each turn, before the loop sleeps: flush what was gathered.
  std::function<void()> before_sleep;

  class SleepAwaiter;
  // `co_await loop.sleep_until(ms)`.
  SleepAwaiter sleep_until(std::int64_t at_ms);

 protected:
  explicit Loop(const Now& now) : now_(now), timers_(now.steady_ms()) {}
  Now now_;
  TimerWheel timers_;
};

class Loop::SleepAwaiter final : private TimerNode {
 public:
  SleepAwaiter(Loop& loop, std::int64_t at_ms) : loop_(loop), at_ms_(at_ms) {}
  bool await_ready() const { return loop_.now_ms() >= at_ms_; }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    loop_.timers().set(*this, at_ms_);
  }
  void await_resume() const {}

 private:
  void expired() override { handle_.resume(); }
  Loop& loop_;
  std::int64_t at_ms_;
  std::coroutine_handle<> handle_;
};
inline Loop::SleepAwaiter Loop::sleep_until(std::int64_t at_ms) {
  return {*this, at_ms};
}

}  // namespace caponier::net
