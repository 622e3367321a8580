// One request and its answer on a client's HTTP/2 connection: the client's side of an exchange, with a Driver
// of its own. Reused by its connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/client_side.h"
#include "gateway/driver.h"
#include "http/h2_fields.h"
#include "http/h2_frame.h"
#include "http/message.h"
#include "net/stream.h"
#include "net/task.h"
#include "stages/exchange.h"

namespace caponier::gateway {

class Http2Connection;

class Http2Stream final : private ClientSide {
 public:
  explicit Http2Stream(Http2Connection& connection);
  ~Http2Stream() override;
  Http2Stream(const Http2Stream&) = delete;
  Http2Stream& operator=(const Http2Stream&) = delete;

  // A head has come. Takes its fields and leaves empty ones.
  void begin(std::uint32_t id, http::h2::FieldBlock& fields, bool ended);
  // Judges the head; nullopt if it is a request.
  std::optional<http::DecodeError> read_head();
  // A part of the body, or its end. False if it contradicts the length that was announced.
  [[nodiscard]] bool add_body(std::string_view data, bool ends);
  // From here on nothing is sent or taken: the client knows that it ended.
  void end_now();
  // Lets go on who waits for what has come, the exchange itself at first.
  void wake();
  [[nodiscard]] bool waits_to_write() const { return writer_ != nullptr; }

  [[nodiscard]] std::uint32_t id() const { return id_; }
  [[nodiscard]] bool body_ended() const { return body_ended_; }
  [[nodiscard]] bool ended_now() const { return gone_; }
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] const http::RequestHead& head() const { return head_; }

  // What was taken of the body, until it is worth a frame: by so much the client's window opens now.
  std::int64_t give_back(std::size_t bytes, std::int64_t worth);

  // Kept by the connection.
  std::int64_t send_window = 0;
  std::int64_t receive_window = 0;
  bool woken = false;

 private:
  // The answer's bytes, as a stream that the usual awaiters work on.
  class Channel final : public net::Stream {
   public:
    explicit Channel(Http2Stream& owner) : owner_(owner) {}
    net::IoResult try_read(char*, std::size_t) override { return {}; }
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
    Http2Stream& owner_;
  };

  net::Task<void> run();
  void begin_exchange();
  void end_exchange();
  net::IoResult try_write(std::string_view first, std::string_view second);
  net::Stream::WriteAwaiter write(std::string_view first, std::string_view second, std::int64_t until_ms = 0);
  [[nodiscard]] bool send_head(std::string_view lines, bool ends);
  void release_given();
  void drop_body();

  std::optional<std::string_view> whole_body() override;
  net::Task<BodyPiece> read_body() override;
  net::Task<bool> invite_body() override;
  void begin_tunnel(std::int64_t idle_ms) override { body_idle_ms_ = idle_ms; }
  void stop_body() override;
  [[nodiscard]] bool body_complete() const override {
    return body_ended_ && !malformed_ && incoming_.empty();
  }
  net::Stream::WriteAwaiter send(std::string& text, const AnswerPiece& piece) override;
  void abort() override;

  Http2Connection& connection_;
  Channel channel_{*this};
  Driver driver_;
  std::shared_ptr<Service> service_;
  std::unique_ptr<stages::Exchange> exchange_;
  std::uint32_t id_ = 0;
  http::h2::FieldBlock fields_;
  http::RequestHead head_;
  std::int64_t head_counted_ = 0;  // of a head that is worth counting
  net::Waiter* reader_ = nullptr;
  net::Waiter* writer_ = nullptr;
  // The request's body: what came, and what the driver was given, which stays where it is.
  std::string incoming_;
  std::string given_;
  std::uint64_t body_left_ = 0;  // of an announced length
  std::int64_t given_back_ = 0;  // and not told yet
  std::int64_t body_idle_ms_ = 0;
  bool body_begun_ = false;
  bool body_taken_ = false;
  bool body_ended_ = false;
  bool body_stopped_ = false;
  bool malformed_ = false;
  bool invited_ = false;
  // The answer.
  std::size_t head_bytes_ = 0;  // of the text; behind it stands what is held back
  bool holding_ = false;
  bool ending_ = false;
  std::string_view trailers_;
  bool answered_ = false;
  bool started_ = false;
  bool finished_ = false;
  bool gone_ = false;
  bool told_ = false;  // the driver knows that the client is gone
};

}  // namespace caponier::gateway
