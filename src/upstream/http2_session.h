// A connection to an upstream by HTTP/2 (RFC 9113), on which many exchanges are under way at a time. An
// upstream is not trusted: whatever it sends, memory and work are bounded (Http2Limits), and one exchange
// that nobody reads stops only itself. Its death is that of its exchanges, and of nothing else.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/limits.h"
#include "http/h2_budget.h"
#include "http/h2_decoder.h"
#include "http/hpack.h"
#include "net/stream.h"
#include "net/timer.h"
#include "upstream/connection.h"

namespace caponier::upstream {

class Http2Exchange;
class Pool;

struct Http2SessionRules {
  HttpLimits http;
  Http2Limits http2;
  std::int64_t idle_ms = 0;    // without an exchange for longer, it is closed
  std::int64_t answer_ms = 0;  // for an answer to PING, when it is doubted that somebody is there
  bool https = false;
};

class Http2Session final : public std::enable_shared_from_this<Http2Session>, private net::TimerNode {
 public:
  // `pool` is told when it is over, until retire(); `blocks` outlive it.
  Http2Session(std::unique_ptr<net::Stream> stream, Pool& pool, BlockPool& blocks,
               const Http2SessionRules& rules);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // Says hello.
  void start();
  // `co_await` until the upstream has said hello as well, or never will.
  class Greeted;
  [[nodiscard]] bool greeted() const { return greeted_; }
  [[nodiscard]] bool over() const { return over_; }
  // Why, if the upstream broke the protocol.
  [[nodiscard]] std::string_view complaint() const { return complaint_; }

  // Whether one more exchange may begin.
  [[nodiscard]] bool has_room() const;
  [[nodiscard]] std::unique_ptr<Connection> take();
  // No new exchanges; it ends with the last one. The pool is told nothing any more.
  void retire();
  [[nodiscard]] std::uint32_t exchanges() const { return leased_; }

 private:
  friend class Http2Exchange;
  using Event = http::h2::Event;
  using ErrorCode = http::h2::ErrorCode;
  class Side final : public net::Waiter {
   public:
    Side(Http2Session& session, void (Http2Session::*then)()) : session_(session), then_(then) {}
    void ready() override { (session_.*then_)(); }

   private:
    Http2Session& session_;
    void (Http2Session::*then_)();
  };

  void read_ready();
  void write_ready();
  void expired() override;
  // True if there may be more to read at once.
  bool read_some();
  void take_bytes(std::string_view bytes);
  void handle(const Event& event);
  void on_head(const Event& event);
  void on_data(const Event& event);
  void on_settings();
  void on_go_away(const Event& event);
  void on_window_update(const Event& event);
  void spend(http::h2::Idle kind, std::string_view detail);
  [[nodiscard]] bool is_idle(std::uint32_t stream) const { return stream >= next_id_ || stream % 2 == 0; }

  // The upstream broke the protocol.
  void break_off(ErrorCode code, std::string_view detail);
  // Of the connection below.
  void lost();
  void end(Fault fault, std::string_view detail);
  void settle();
  void wake_all();
  void wake_writers();
  void wake(Http2Exchange& exchange);
  void flush();
  void count_output();
  void stop_writing();
  void give_up_on_it();
  [[nodiscard]] std::size_t waiting() const { return output_.size() - sent_; }
  void arm();
  [[nodiscard]] std::int64_t due_ms() const;
  void close_if_done();

  // For exchanges.
  [[nodiscard]] bool may_begin() const { return !closing_ && !over_; }
  std::uint32_t open(Http2Exchange& exchange);
  void forget(Http2Exchange& exchange);
  [[nodiscard]] Http2Exchange* find(std::uint32_t id);
  [[nodiscard]] std::int64_t room() const;
  void note_data(std::size_t bytes, bool all);
  void credit(Http2Exchange& exchange, std::size_t bytes);
  void reset(std::uint32_t stream, ErrorCode code);
  void flush_soon();
  // Nobody heard anything since then: is anybody there?
  void doubt(std::int64_t since_ms);
  void keep_spare(std::unique_ptr<Http2Exchange> exchange);

  std::unique_ptr<net::Stream> stream_;
  Pool* pool_;
  BlockPool& blocks_;
  const Http2SessionRules rules_;
  http::h2::Decoder decoder_;
  http::h2::HpackEncoder encoder_;
  http::h2::Budget budget_;
  Side reader_{*this, &Http2Session::read_ready};
  Side writer_{*this, &Http2Session::write_ready};
  std::vector<Http2Exchange*> exchanges_;  // by id, ascending
  std::vector<Http2Exchange*> woken_;
  std::vector<std::unique_ptr<Http2Exchange>> spare_;
  std::size_t next_writer_ = 0;  // so that each has its turn
  std::uint32_t next_id_ = 1;
  std::uint32_t served_ = 0;
  std::uint32_t leased_ = 0;  // exchanges, whether they have sent something or not
  std::int64_t peer_window_ = http::h2::kFirstWindowBytes;  // of a new stream
  std::int64_t send_window_ = http::h2::kFirstWindowBytes;
  std::int64_t receive_window_ = 0;
  std::int64_t uncredited_ = 0;
  std::uint32_t earned_windows_ = 0;
  std::uint32_t earned_pings_ = 0;

  std::string output_;
  std::size_t sent_ = 0;             // of output_
  std::int64_t output_counted_ = 0;  // memory of it that the pool of blocks knows of
  std::string_view complaint_;
  Greeted* greeting_ = nullptr;
  std::int64_t quiet_since_ms_ = 0;
  std::int64_t heard_ms_ = 0;
  std::int64_t doubted_until_ms_ = net::kNoDeadline;
  bool mute_ = false;      // it takes nothing any more
  bool blocked_ = false;   // until the stream below takes more
  bool unread_ = false;    // it may have more, which waits for the next turn
  bool settling_ = false;  // what is said now leaves at the end of it
  bool wakes_soon_ = false;
  bool greeted_ = false;
  bool closing_ = false;  // no new exchanges
  bool over_ = false;
};

class Http2Session::Greeted final : private net::TimerNode {
 public:
  Greeted(Http2Session& session, std::int64_t deadline_ms) : session_(session), deadline_ms_(deadline_ms) {}
  ~Greeted() {
    if (session_.greeting_ == this) session_.greeting_ = nullptr;
  }
  Greeted(const Greeted&) = delete;
  Greeted& operator=(const Greeted&) = delete;
  [[nodiscard]] bool await_ready() const { return session_.greeted_ || session_.over_; }
  void await_suspend(std::coroutine_handle<> handle);
  void await_resume() const {}
  void resume();

 private:
  void expired() override;
  Http2Session& session_;
  std::int64_t deadline_ms_;
  std::coroutine_handle<> handle_;
};

}  // namespace caponier::upstream
