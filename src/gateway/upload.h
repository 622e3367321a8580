// A streamed request body on its way from the client to the upstream, beside the answer that comes back: so
// that an upstream which answers while it reads cannot block itself.
#pragma once

#include <coroutine>
#include <cstdint>
#include <string_view>
#include <utility>

#include "gateway/client_side.h"
#include "net/loop.h"
#include "net/task.h"
#include "upstream/connection.h"

namespace caponier::gateway {

class Upload {
 public:
  enum class State : std::uint8_t {
    kRunning,
    kDone,
    kTooLarge,
    kTooSlow,
    kClientClosed,
    kMalformed,
    kUpstreamTooSlow,
    kUpstreamClosed
  };

  // At most `bytes_max` body bytes.
  Upload(ClientSide& client, upstream::Connection& upstream, net::Loop& loop, std::uint64_t bytes_max,
         std::int64_t write_ms)
      : client_(client),
        upstream_(upstream),
        loop_(loop),
        bytes_max_(bytes_max),
        write_ms_(write_ms),
        progress_ms_(loop.now_ms()) {}

  // Starts; runs until the body is through or broken. On a break, the upstream's connection is aborted, which
  // wakes whoever waits for its answer; unless it was the upstream that stopped reading: its answer may be on
  // the way.
  void start() { net::spawn(run()); }
  // The client may pause from now on: the answer goes on, and says when it is enough.
  void allow_pauses() { may_pause_ = true; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  // When the upstream was last given something; steady.
  [[nodiscard]] std::int64_t progress_ms() const { return progress_ms_; }

  // `co_await upload.ended()`.
  class Ended {
   public:
    explicit Ended(Upload& upload) : upload_(upload) {}
    [[nodiscard]] bool await_ready() const { return upload_.state_ != State::kRunning; }
    void await_suspend(std::coroutine_handle<> handle) { upload_.waiter_ = handle; }
    void await_resume() const {}

   private:
    Upload& upload_;
  };
  Ended ended() { return Ended(*this); }

 private:
  net::Task<void> run();
  net::Task<State> relay();
  net::Task<State> pass(std::string_view data, bool last);

  ClientSide& client_;
  upstream::Connection& upstream_;
  net::Loop& loop_;
  std::uint64_t bytes_max_;
  std::int64_t write_ms_;
  std::int64_t progress_ms_;
  std::uint64_t bytes_ = 0;
  bool may_pause_ = false;
  State state_ = State::kRunning;
  std::coroutine_handle<> waiter_;
};

}  // namespace caponier::gateway
