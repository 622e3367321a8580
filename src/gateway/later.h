// Something that another thread will say, awaited on a loop.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "net/loop.h"

namespace caponier::gateway {

template <class T>
class Later {
 public:
  explicit Later(net::Loop& loop) : state_(std::make_shared<State>(loop)) {}

  // From any thread, once.
  void say(T value) const {
    state_->loop.post([state = state_, value = std::move(value)]() mutable {
      if (state->value) return;
      state->value.emplace(std::move(value));
      if (state->handle) std::exchange(state->handle, {}).resume();
    });
  }

  [[nodiscard]] bool await_ready() const { return state_->value.has_value(); }
  void await_suspend(std::coroutine_handle<> handle) const { state_->handle = handle; }
  T await_resume() const { return std::move(*state_->value); }

 private:
  struct State {
    explicit State(net::Loop& the_loop) : loop(the_loop) {}
    net::Loop& loop;
    std::optional<T> value;
    std::coroutine_handle<> handle;
  };
  std::shared_ptr<State> state_;
};

}  // namespace caponier::gateway
