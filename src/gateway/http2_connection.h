// A client's HTTP/2 connection (RFC 9113): decodes frames, keeps streams and windows, and gathers what its
// streams answer, which leaves once per turn of the loop. Whatever a client does, memory and work are bounded
// (Http2Limits); who goes over a bound gets GOAWAY, and one record says why.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/connection_memory.h"
#include "gateway/http2_stream.h"
#include "http/h2_budget.h"
#include "http/h2_decoder.h"
#include "http/hpack.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/timer.h"
#include "reasons/reasons.h"
#include "stages/exchange.h"

namespace caponier::gateway {

class Worker;

class Http2Connection final : private net::Waiter, private net::TimerNode {
 public:
  // All of them outlive it.
  Http2Connection(Worker& worker, net::Stream& stream, const stages::Peer& peer, ConnectionMemory& memory);
  ~Http2Connection();
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

  // Until the last stream has ended and nothing more is to come. The stream stays open.
  net::Task<void> serve();
  // Says that no more requests are wanted; those under way end. May end the connection at once.
  void drain();
  // Ends all streams; the stream below was aborted.
  void abort();
  // At the end of a turn of the loop. May end the connection.
  void flush();

 private:
  friend class Http2Stream;
  static constexpr std::uint32_t kSmallWindowBytes = 1024;
  struct Leftover {
    std::uint32_t stream;
    std::int64_t until_ms;
    std::size_t bytes;
  };
  enum class Sent : std::uint8_t { kAll, kBlocked, kLost };
  using Event = http::h2::Event;
  using ErrorCode = http::h2::ErrorCode;

  void greet();
  void take(std::string_view bytes);
  void handle(const Event& event);
  void on_head(const Event& event);
  void on_trailers(Http2Stream& stream, const Event& event);
  void on_data(const Event& event);
  void on_reset(const Event& event);
  void on_settings();
  void on_window_update(const Event& event);
  void refuse(Http2Stream& stream, http::DecodeError error);
  [[nodiscard]] bool is_idle(std::uint32_t stream) const { return stream > last_stream_; }

  // Of a stream: RST_STREAM. One that breaks the protocol counts as abuse.
  void reset(std::uint32_t stream, ErrorCode code);
  // Answered before its body was whole: the client may send a little more of it, because some take a reset
  // for the loss of the answer (RFC 9113, section 8.1).
  void let_finish(std::uint32_t stream);
  void note_leftover(const Event& event);
  void end_leftovers(std::int64_t due_ms);
  void break_stream(Http2Stream& stream, ErrorCode code);
  void spend(http::h2::Idle kind, Reason reason, std::string_view detail);
  // Of the connection: GOAWAY, a record, and the end.
  void break_off(ErrorCode code, Reason reason, std::string_view detail);
  void go_away();

  Http2Stream* find(std::uint32_t id);
  std::unique_ptr<Http2Stream> take_stream();
  void wake(Http2Stream& stream);
  void wake_writers();
  void settle();
  void reap();
  void note_finished() {
    finished_any_ = true;
    flush_later();
  }
  void flush_later();

  // Bytes that may leave for all streams now.
  [[nodiscard]] std::int64_t room() const;
  // A frame of an answer's body leaves; `all`: that was there to leave.
  void note_data(std::size_t bytes, bool all);
  // What a stream's reader has taken, or nobody will; null: of no stream any more.
  void credit(Http2Stream* stream, std::size_t bytes);
  Sent write_output();
  void count_output();

  [[nodiscard]] bool over() const {
    return broken_ || (closing_ && streams_.empty() && sent_ == output_.size());
  }
  // More waits to leave than a client may let wait: nothing is read that would make it more.
  [[nodiscard]] bool overfull() const {
    return !broken_ && output_.size() - sent_ > limits_.http2.output_bytes_max;
  }
  [[nodiscard]] std::int64_t read_deadline() const;
  // The deadline has come: true if that is the end.
  void expire();
  void end_streams();
  void ready() override;
  void expired() override;

  // `co_await` until the client has read so much of what waits that there may be more.
  struct Drained {
    Http2Connection& connection;
    [[nodiscard]] bool await_ready() const { return !connection.overfull(); }
    void await_suspend(std::coroutine_handle<> handle) const { connection.drained_waiter_ = handle; }
    void await_resume() const {}
  };
  // `co_await` until the last stream has ended.
  struct AllEnded {
    Http2Connection& connection;
    [[nodiscard]] bool await_ready() const { return connection.streams_.empty(); }
    void await_suspend(std::coroutine_handle<> handle) const { connection.waiter_ = handle; }
    void await_resume() const {}
  };

  Worker& worker_;
  net::Stream& stream_;
  const stages::Peer& peer_;
  ConnectionMemory& memory_;
  const Limits limits_;  // of the Plan that was in force when the connection began
  http::h2::Decoder decoder_;
  http::h2::HpackEncoder encoder_;
  http::h2::Budget budget_;
  std::vector<std::unique_ptr<Http2Stream>> streams_;  // by id, ascending
  std::vector<std::unique_ptr<Http2Stream>> spare_;
  std::vector<Http2Stream*> woken_;
  std::size_t next_writer_ = 0;  // so that each has its turn
  std::uint32_t last_stream_ = 0;
  std::uint32_t served_ = 0;
  std::int64_t peer_window_ = http::h2::kFirstWindowBytes;  // of a new stream
  std::int64_t send_window_ = http::h2::kFirstWindowBytes;
  std::int64_t receive_window_ = 0;
  std::int64_t uncredited_ = 0;

  // Frames that a client may send for what it was given: small windows, and PING to measure the way.
  std::uint32_t earned_windows_ = 0;
  std::uint32_t earned_pings_ = 0;

  std::string output_;
  std::size_t sent_ = 0;  // of output_
  std::int64_t output_counted_ = 0;
  bool blocked_ = false;  // until the stream below takes more
  bool queued_ = false;   // the worker will call flush()

  net::Stream::ReadAwaiter* reading_ = nullptr;
  std::coroutine_handle<> waiter_;
  std::coroutine_handle<> drained_waiter_;
  std::int64_t quiet_since_ms_ = 0;  // no stream since then
  std::int64_t owed_since_ms_ = 0;   // the client owes the rest of a head since then; 0: it owes nothing
  std::int64_t last_word_ms_ = net::kNoDeadline;  // until then the client may answer our first GOAWAY
  std::vector<Leftover> leftovers_;               // the oldest first
  bool finished_any_ = false;
  bool draining_ = false;
  bool closing_ = false;  // no new streams
  bool broken_ = false;
};

}  // namespace caponier::gateway
