// One request and its answer on an HTTP/2 connection to an upstream. Reused by its connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "http/h2_fields.h"
#include "http/h2_frame.h"
#include "net/timer.h"
#include "upstream/block_queue.h"
#include "upstream/connection.h"

namespace caponier::upstream {

class Http2Session;

class Http2Exchange final : public Connection, private net::TimerNode {
 public:
  explicit Http2Exchange(BlockPool& blocks) : incoming_(blocks) {}
  ~Http2Exchange() override;

  // Its session, for one request.
  void lease(std::shared_ptr<Http2Session> session, bool reused);

  // Of the session: what came. A sentence if it is against the protocol.
  using Wrong = std::string_view;
  [[nodiscard]] Wrong take_head(http::h2::FieldBlock& fields, bool ends);
  [[nodiscard]] Wrong take_data(std::string_view data, bool ends);
  void take_reset(http::h2::ErrorCode code);
  // Nothing more comes, and nothing more can be said.
  void end_now(Fault fault, std::string_view detail);
  // Lets go on who waits for what has come.
  void wake();
  [[nodiscard]] bool waits_to_write() const { return writer_ != nullptr; }
  [[nodiscard]] bool ended() const { return ended_ || gone_; }
  [[nodiscard]] bool gone() const { return gone_; }
  [[nodiscard]] std::uint32_t id() const { return id_; }
  // What was taken of the body, until it is worth a frame: by so much the upstream's window opens now.
  std::int64_t give_window(std::size_t bytes, std::int64_t worth);

  // Kept by the session.
  std::int64_t send_window = 0;
  std::int64_t receive_window = 0;
  bool woken = false;

  [[nodiscard]] bool reused() const override;
  // Its head may have left, and been answered, before a byte of its body has.
  [[nodiscard]] bool untouched(const net::IoResult&) const override { return id_ == 0; }
  void begin(http::Method method, bool upgrade) override;
  void count_in(std::int64_t* held) override { incoming_.count_in(held); }
  net::Stream::WriteAwaiter send(std::string& text, const RequestBody& body, std::int64_t deadline_ms,
                                 std::int64_t progress_ms) override;
  net::Task<net::IoResult> send_body(std::string_view data, bool last, std::int64_t deadline_ms) override;
  net::Stream::ReadAwaiter receive(std::int64_t deadline_ms) override;
  void received(std::size_t) override {}
  Result<http::HeadStatus, Malformed> read_head() override;
  [[nodiscard]] const http::ResponseHead& head() const override { return head_; }
  void begin_body() override {}
  Result<Piece, Malformed> read_body() override;
  [[nodiscard]] bool complete() const override { return ended_ && incoming_.empty(); }
  bool end_at_close() override { return false; }
  [[nodiscard]] std::string_view trailers() const override { return trailers_; }
  [[nodiscard]] bool silent() const override { return !spoke_; }
  [[nodiscard]] Fault fault() const override { return fault_; }
  [[nodiscard]] std::string_view fault_detail() const override { return fault_detail_; }
  void abort() override;
  void give_back(std::unique_ptr<Connection> self) override;

 private:
  // The bytes of both directions, as a stream that the usual awaiters work on.
  class Channel final : public net::Stream {
   public:
    explicit Channel(Http2Exchange& owner) : owner_(owner) {}
    net::IoResult try_read(char*, std::size_t) override { return owner_.look(); }
    net::IoResult try_write(std::string_view first, std::string_view second) override {
      return owner_.try_write(first, second);
    }
    void wait(net::Direction direction, net::Waiter* waiter) override {
      (direction == net::Direction::kRead ? owner_.reader_ : owner_.writer_) = waiter;
    }
    void shutdown() override {}
    void abort() override {}
    net::Loop& loop() override;

   private:
    Http2Exchange& owner_;
  };

  void expired() override;
  // Whether there is something that was not read yet.
  [[nodiscard]] net::IoResult look() const;
  // Whoever has answered wants no more of the request (RFC 9113, section 8.1).
  [[nodiscard]] bool closed_to_writing() const { return gone_ || said_all_ || ended_; }
  net::IoResult try_write(std::string_view first, std::string_view second);
  void credit_taken();
  void leave();

  Channel channel_{*this};
  std::shared_ptr<Http2Session> session_;
  std::uint32_t id_ = 0;  // 0: nothing was sent yet
  http::Method method_ = http::Method::kGet;
  http::h2::FieldBlock fields_;
  http::ResponseHead head_;
  BlockQueue incoming_;
  std::string trailers_;
  net::Waiter* reader_ = nullptr;
  net::Waiter* writer_ = nullptr;
  std::uint64_t body_left_ = 0;  // of an announced length
  std::int64_t given_ = 0;       // to the window, and not told yet
  std::int64_t began_ms_ = 0;
  std::uint32_t interim_ = 0;
  Fault fault_ = Fault::kNone;
  std::string fault_detail_;
  char byte_ = 0;  // of receive(), where nothing is written
  bool reused_ = false;
  bool spoke_ = false;  // the upstream, about this request
  bool has_head_ = false;
  bool head_read_ = false;
  bool ended_ = false;     // the answer is whole
  bool ending_ = false;    // the request's body ends with what is written now
  bool said_all_ = false;  // we have ended our side
  bool gone_ = false;
};

}  // namespace caponier::upstream
