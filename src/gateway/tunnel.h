// Bytes between a client and an upstream in both directions at once, after a handshake: nobody judges them,
// but they are counted and bounded in time. At most one block per direction is held: a side that does not
// take what the other one sends stops it.
#pragma once

#include <coroutine>
#include <cstdint>
#include <string>

#include "gateway/client_side.h"
#include "gateway/frame_place.h"
#include "net/stream.h"
#include "net/task.h"
#include "upstream/http1_connection.h"

namespace caponier::gateway {

class Tunnel {
 public:
  struct Bounds {
    std::int64_t idle_ms = 0;   // no byte in either direction
    std::int64_t ends_ms = 0;   // steady
    std::int64_t write_ms = 0;  // for a piece to be taken
  };
  enum class End : std::uint8_t { kClientClosed, kUpstreamClosed, kUpstreamBroken, kStuck, kIdle, kOver };

  Tunnel(ClientSide& client, upstream::Http1Connection& upstream, Bounds bounds);

  // Until one side has closed, or a bound is reached. The client's side is left open, for whoever has to end
  // it.
  net::Task<End> run();
  // Tells the client why the end is ours (RFC 6455, section 7.4.1), if its stream stands where a frame may
  // begin.
  net::Task<void> say_close(std::uint16_t code);
  [[nodiscard]] std::uint64_t bytes_up() const { return bytes_up_; }
  [[nodiscard]] std::uint64_t bytes_down() const { return bytes_down_; }

 private:
  net::Task<End> pass_down();
  net::Task<void> pass_up();
  net::Task<End> relay_up();
  void touch() { touched_ms_ = upstream_.stream().loop().now_ms(); }
  // What the clock says, if it says that this is the end.
  [[nodiscard]] bool is_over(End& end) const;

  // `co_await` until pass_up() has ended.
  struct UpEnded {
    Tunnel& tunnel;
    [[nodiscard]] bool await_ready() const { return tunnel.up_ended_; }
    void await_suspend(std::coroutine_handle<> handle) { tunnel.waiter_ = handle; }
    void await_resume() const {}
  };

  ClientSide& client_;
  upstream::Http1Connection& upstream_;
  Bounds bounds_;
  std::int64_t touched_ms_;
  std::uint64_t bytes_up_ = 0;
  std::uint64_t bytes_down_ = 0;
  net::Stream::ReadAwaiter* down_read_ = nullptr;  // while pass_down() waits for the upstream
  bool writing_up_ = false;
  bool down_ended_ = false;
  bool up_ended_ = false;
  End up_end_ = End::kClientClosed;
  std::coroutine_handle<> waiter_;
  FramePlace place_;   // of what the client got
  bool torn_ = false;  // it got a piece in part, nobody knows how much of it
  std::string text_;   // the codec's
};

}  // namespace caponier::gateway
