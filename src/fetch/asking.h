// A question to another loop, awaited on one's own: until it is answered, or the deadline has passed.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "net/loop.h"
#include "net/timer.h"

namespace caponier::fetch {

// What a request waits by; lives on both loops, so it is shared. Whoever comes first, the answer or the
// deadline, resumes it, on the loop that waits.
struct Wait final : net::TimerNode {
  net::Loop* loop = nullptr;
  std::coroutine_handle<> handle;
  void expired() override { resume(); }
  void resume() {
    if (!handle) return;
    net::TimerWheel::cancel(*this);
    std::exchange(handle, {}).resume();
  }
};

// Who has it answers, once, from any thread; later answers are not heard.
template <class T>
class Reply {
 public:
  Reply(std::shared_ptr<Wait> wait, std::shared_ptr<T> value)
      : wait_(std::move(wait)), value_(std::move(value)) {}
  void say(T value) const {
    // Written on the loop that reads it.
    net::Loop* const loop = wait_->loop;
    loop->post([wait = wait_, to = value_, value = std::move(value)]() mutable {
      if (!wait->handle) return;
      *to = std::move(value);
      wait->resume();
    });
  }

 private:
  std::shared_ptr<Wait> wait_;
  std::shared_ptr<T> value_;
};

template <class T>
class Asking {
 public:
  // `begin` is called once, on the waiting loop. `otherwise`: the answer when the time is over.
  Asking(net::Loop& loop, std::int64_t deadline_ms, T otherwise, std::function<void(Reply<T>)> begin)
      : loop_(loop),
        deadline_ms_(deadline_ms),
        begin_(std::move(begin)),
        value_(std::make_shared<T>(std::move(otherwise))) {}
  // Its own thread takes the timer away, whoever else still has what it waits by.
  ~Asking() {
    if (!wait_) return;
    wait_->handle = {};
    net::TimerWheel::cancel(*wait_);
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  // Of a variable only: g++ 12 destroys a temporary that is awaited twice.
  struct Awaiter {
    Asking& asking;
    [[nodiscard]] bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) const { asking.suspend(handle); }
    T await_resume() const { return std::move(*asking.value_); }
  };
  Awaiter operator co_await() & { return {*this}; }
  Awaiter operator co_await() && = delete;

 private:
  void suspend(std::coroutine_handle<> handle) {
    wait_ = std::make_shared<Wait>();
    wait_->loop = &loop_;
    wait_->handle = handle;
    loop_.timers().set(*wait_, deadline_ms_);
    // Which lets go of what it holds.
    const auto begin = std::move(begin_);
    begin(Reply<T>(wait_, value_));
  }

  net::Loop& loop_;
  std::int64_t deadline_ms_;
  std::function<void(Reply<T>)> begin_;
  std::shared_ptr<T> value_;
  std::shared_ptr<Wait> wait_;
};

}  // namespace caponier::fetch
