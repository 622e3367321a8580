// `co_await Readiness(stream, direction, deadline)`: waits until a try of that direction is worth repeating.
// False if the deadline came first. For those who do their own tries; others use Stream::read() and write().
#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

#include "net/stream.h"

namespace caponier::net {

class Readiness final : private Waiter, private TimerNode {
 public:
  Readiness(Stream& stream, Direction direction, std::int64_t deadline_ms)
      : stream_(stream), direction_(direction), deadline_ms_(deadline_ms) {}
  ~Readiness() {
    if (handle_) stream_.wait(direction_, nullptr);
  }
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    stream_.wait(direction_, this);
    stream_.loop().timers().set(*this, deadline_ms_);
  }
  [[nodiscard]] bool await_resume() const { return in_time_; }

 private:
  void ready() override {
    TimerWheel::cancel(*this);
    std::exchange(handle_, {}).resume();
  }
  void expired() override {
    stream_.wait(direction_, nullptr);
    in_time_ = false;
    std::exchange(handle_, {}).resume();
  }
  Stream& stream_;
  Direction direction_;
  std::int64_t deadline_ms_;
  bool in_time_ = true;
  std::coroutine_handle<> handle_;
};

}  // namespace caponier::net
