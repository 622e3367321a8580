// A byte stream: a TCP socket, TLS over one, or one in memory with faults. Reads and writes are tried at once
// and suspend only when the stream would block; a ready operation costs no frame. At most one read and one
// write wait at a time.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/loop.h"
#include "net/timer.h"

namespace caponier::net {

enum class IoStatus : std::uint8_t {
  kOk,          // `bytes` > 0
  kWouldBlock,  // only from the try_ functions
  kClosed,      // the peer ended its side cleanly
  kReset,       // broken: reset, or a TLS error
  kTimedOut,    // only from read() and write()
};
struct IoResult {
  IoStatus status = IoStatus::kReset;
  std::size_t bytes = 0;
  [[nodiscard]] bool ok() const { return status == IoStatus::kOk; }
};

enum class Direction : std::uint8_t { kRead, kWrite };

// Somebody who waits for a direction of a stream to become ready. ready() may be called spuriously.
class Waiter {
 public:
  virtual void ready() = 0;

 protected:
  ~Waiter() = default;
};

class Stream {
 public:
  virtual ~Stream() = default;

  virtual IoResult try_read(char* into, std::size_t bytes_max) = 0;
  // Takes from `first`, then `second` (a head and a body in one call); `bytes` counts both.
  virtual IoResult try_write(std::string_view first, std::string_view second) = 0;
  // False if a read would surely block now: as if it had been tried.
  [[nodiscard]] virtual bool may_read() const { return true; }
  // Calls waiter.ready() once when a try of that direction, which just said kWouldBlock, is worth repeating;
  // who is blocked again waits again. Never called from inside wait(), abort() or a try. One waiter per
  // direction; null takes it back. ready() may destroy the stream. A stream outlives those who wait on it.
  virtual void wait(Direction direction, Waiter* waiter) = 0;
  // Sends what a clean end needs (TLS close_notify, FIN). Nothing is written afterwards.
  virtual void shutdown() = 0;
  // Ends both directions at once, with a reset where the transport has one, so that the peer cannot take what
  // it has for a whole answer. The destructor of a stream that was not shut down closes it without a reset.
  virtual void abort() = 0;
  // What the two ends agreed to speak while they secured it (RFC 7301); empty if they did not say.
  [[nodiscard]] virtual std::string_view protocol() const { return {}; }
  [[nodiscard]] virtual Loop& loop() = 0;

  class ReadAwaiter;
  class WriteAwaiter;
  // Reads at least one byte, or says why not. `deadline_ms` is steady; kNoDeadline waits for ever.
  ReadAwaiter read(char* into, std::size_t bytes_max, std::int64_t deadline_ms);
  // Writes all of both, or says why not; `bytes` tells how much left. The deadline is for the whole call.
  WriteAwaiter write(std::string_view first, std::string_view second, std::int64_t deadline_ms);
  // The same, and within each `progress_ms` some of it.
  WriteAwaiter write(std::string_view first, std::string_view second, std::int64_t deadline_ms,
                     std::int64_t progress_ms);
};

class Stream::ReadAwaiter final : private Waiter, private TimerNode {
 public:
  ReadAwaiter(Stream& stream, char* into, std::size_t bytes_max, std::int64_t deadline_ms)
      : stream_(stream), into_(into), bytes_max_(bytes_max), deadline_ms_(deadline_ms) {}
  ~ReadAwaiter() {
    if (handle_) stream_.wait(Direction::kRead, nullptr);
  }
  // Ends the wait now, as if the deadline had passed; nothing if it does not wait.
  void give_up();
  bool await_ready() {
    result_ = stream_.try_read(into_, bytes_max_);
    return result_.status != IoStatus::kWouldBlock;
  }
  void await_suspend(std::coroutine_handle<> handle);
  IoResult await_resume() const { return result_; }

 private:
  void ready() override;
  void expired() override;
  Stream& stream_;
  char* into_;
  std::size_t bytes_max_;
  std::int64_t deadline_ms_;
  IoResult result_;
  std::coroutine_handle<> handle_;  // set while suspended
};

class Stream::WriteAwaiter final : private Waiter, private TimerNode {
 public:
  WriteAwaiter(Stream& stream, std::string_view first, std::string_view second, std::int64_t deadline_ms,
               std::int64_t progress_ms)
      : stream_(stream),
        first_(first),
        second_(second),
        deadline_ms_(deadline_ms),
        progress_ms_(progress_ms) {}
  ~WriteAwaiter() {
    if (handle_) stream_.wait(Direction::kWrite, nullptr);
  }
  bool await_ready() { return advance(); }
  void await_suspend(std::coroutine_handle<> handle);
  IoResult await_resume() const { return {status_, written_}; }

 private:
  bool advance();  // writes until done, blocked or broken; true if not blocked
  void set_timer();
  void ready() override;
  void expired() override;
  Stream& stream_;
  std::string_view first_;
  std::string_view second_;
  std::int64_t deadline_ms_;
  std::int64_t progress_ms_;
  std::size_t written_ = 0;
  IoStatus status_ = IoStatus::kOk;
  std::coroutine_handle<> handle_;
};

inline Stream::ReadAwaiter Stream::read(char* into, std::size_t bytes_max, std::int64_t deadline_ms) {
  return {*this, into, bytes_max, deadline_ms};
}
inline Stream::WriteAwaiter Stream::write(std::string_view first, std::string_view second,
                                          std::int64_t deadline_ms) {
  return {*this, first, second, deadline_ms, kNoDeadline};
}
inline Stream::WriteAwaiter Stream::write(std::string_view first, std::string_view second,
                                          std::int64_t deadline_ms, std::int64_t progress_ms) {
  return {*this, first, second, deadline_ms, progress_ms};
}

}  // namespace caponier::net
