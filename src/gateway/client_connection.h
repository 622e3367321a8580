// A client's connection. In HTTP/1.1: reads heads, hands exchanges to the Driver one after the other, keeps
// or closes. The head and pipelined bytes share one pinned buffer, which is given back whenever the
// connection is quiet. What speaks HTTP/2 is handed to an Http2Connection.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "gateway/client_side.h"
#include "gateway/connection_memory.h"
#include "gateway/driver.h"
#include "gateway/http2_connection.h"
#include "gateway/worker.h"
#include "http/h1_decoder.h"
#include "net/stream.h"
#include "net/task.h"
#include "stages/exchange.h"

namespace caponier::gateway {

class ClientConnection final : private ClientSide {
 public:
  // `address_counted`: the peer's address is admitted; else its proxy is to name the client first.
  ClientConnection(Worker& worker, std::unique_ptr<net::Stream> stream, stages::Peer peer,
                   std::shared_ptr<const Surface> surface, bool address_counted);
  ~ClientConnection() override;
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  // Runs by itself; the object frees itself at its end.
  void start();
  void end_if_idle();
  // A reload: between two requests, the next one is judged by the Plan that is in force then.
  void follow_if_idle();
  void abort() override;
  [[nodiscard]] ClientConnection* next() const { return next_; }

 private:
  // Waits for the first byte of a request without holding what a request needs.
  class FirstByte;
  enum class HeadRead : std::uint8_t { kComplete, kEnd, kRefused };

  static net::Task<void> live(ClientConnection* self);
  net::Task<bool> identify();
  net::Task<bool> secure();
  void note_session();
  void record_arrival(std::string_view type, Reason reason, std::string_view detail);
  net::Task<void> serve();
  net::Task<void> serve_http2();
  net::Task<HeadRead> read_head();
  net::Task<void> refuse_undecodable(Reason reason, std::string_view detail);
  net::Task<void> linger();
  void begin_exchange();

  std::optional<std::string_view> whole_body() override;
  net::Task<BodyPiece> read_body() override;
  net::Task<bool> invite_body() override;
  void begin_tunnel(std::int64_t idle_ms) override;
  void stop_body() override;
  [[nodiscard]] bool body_complete() const override { return body_.complete(); }
  std::span<char> body_room();
  net::Stream::WriteAwaiter send(std::string& text, const AnswerPiece& piece) override;
  net::Stream::WriteAwaiter write(std::string_view first, std::string_view second, std::int64_t until_ms = 0);

  void follow();

  Worker& worker_;
  std::shared_ptr<Service> service_;  // by which the request under way is judged
  std::unique_ptr<net::Stream> stream_;
  stages::Peer peer_;
  std::shared_ptr<const Surface> surface_;
  bool address_counted_;            // in the table of open connections
  std::int64_t arrived_by_ms_ = 0;  // PROXY header and handshake, all in all
  Buffer buffer_;
  Buffer bulk_;                                    // body bytes alone, from a client that keeps up with us
  bool keeps_up_ = false;                          // its last read brought much
  std::unique_ptr<http::RequestDecoder> decoder_;  // from a head's first byte to the end of its exchange
  http::BodyDecoder body_;
  std::size_t body_used_ = 0;      // framed bytes behind the head that the last piece took
  std::int64_t body_idle_ms_ = 0;  // between two reads that bring something
  bool invited_ = false;
  bool chunked_ = false;  // the answer
  bool holding_ = false;  // its last piece waits for the next one
  bool body_stopped_ = false;
  net::Stream::ReadAwaiter* body_read_ = nullptr;  // while read_body() waits
  bool aborted_ = false;
  std::unique_ptr<stages::Exchange> exchange_;
  ConnectionMemory memory_;
  Driver driver_;
  std::string scratch_;
  std::uint32_t served_ = 0;
  std::unique_ptr<Http2Connection> http2_;  // where that was agreed on
  FirstByte* quiet_ = nullptr;
  ClientConnection* next_ = nullptr;
  ClientConnection* previous_ = nullptr;
};

}  // namespace caponier::gateway
