// A TLS session as a stream, over any stream. A head and a body that fit into one record leave as one record;
// buffers go back to the heap when nothing was read for a second. An end of the lower stream without
// close_notify is a reset.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/alive.h"
#include "net/stream.h"
#include "tls/handles.h"
#include "tls/stream_bio.h"

namespace caponier::tls {

class TlsStream final : public net::Stream {
 public:
  // Null only when memory is out. `role` is SSL_set_accept_state or SSL_set_connect_state.
  static std::unique_ptr<TlsStream> create(std::unique_ptr<net::Stream> lower, SSL_CTX& context,
                                           void (*role)(SSL*));
  ~TlsStream() override = default;
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  enum class Handshake : std::uint8_t { kDone, kWantsRead, kWantsWrite, kFailed };
  // Goes on with the handshake as far as the lower stream allows. Before kDone nothing else may be called.
  Handshake handshake();
  [[nodiscard]] std::string handshake_error();
  [[nodiscard]] const Channel& channel() const { return channel_; }
  [[nodiscard]] SSL* ssl() { return ssl_.get(); }
  [[nodiscard]] net::Stream& lower() { return *lower_; }

  net::IoResult try_read(char* into, std::size_t bytes_max) override;
  net::IoResult try_write(std::string_view first, std::string_view second) override;
  void wait(net::Direction direction, net::Waiter* waiter) override;
  void shutdown() override;
  void abort() override;
  [[nodiscard]] std::string_view protocol() const override;
  net::Loop& loop() override { return lower_->loop(); }

  // Messages other than application data (key updates, tickets, alerts) that a peer may send in a row.
  static constexpr int kSideMessagesMax = 32;
  static constexpr std::int64_t kIdleMs = 200;  // then the buffers of the records go back

 private:
  // One direction of the lower stream, as this session waits for it.
  class LowerWaiter final : public net::Waiter {
   public:
    LowerWaiter(TlsStream& stream, net::Direction direction) : stream_(stream), direction_(direction) {}
    void ready() override { stream_.lower_ready(direction_); }

   private:
    TlsStream& stream_;
    net::Direction direction_;
  };
  class IdleTimer final : public net::TimerNode {
   public:
    explicit IdleTimer(TlsStream& stream) : stream_(stream) {}
    void expired() override { stream_.idle_expired(); }

   private:
    TlsStream& stream_;
  };

  explicit TlsStream(std::unique_ptr<net::Stream> lower) : lower_(std::move(lower)) {
    channel_.lower = lower_.get();
  }
  static void on_message(int sent, int version, int type, const void* bytes, std::size_t count, SSL* ssl,
                         void* self);
  net::IoResult failed(net::Direction& wants);
  void wait_lower(net::Direction direction);
  void lower_ready(net::Direction direction);
  void end_cleanly();
  void idle_expired();

  std::unique_ptr<net::Stream> lower_;
  Channel channel_;
  SslHandle ssl_;  // after what its BIO works on
  bool established_ = false;
  bool broken_ = false;
  bool ending_ = false;  // close_notify waits for room in the lower stream
  bool ended_ = false;
  bool peer_ended_ = false;  // its close_notify was read
  bool drained_ = false;     // the library holds nothing that could be read
  int side_messages_ = 0;
  // What the last blocked try of a direction waits for below.
  net::Direction read_wants_ = net::Direction::kRead;
  net::Direction write_wants_ = net::Direction::kWrite;
  net::Waiter* reader_ = nullptr;
  net::Waiter* writer_ = nullptr;
  LowerWaiter lower_reads_{*this, net::Direction::kRead};
  LowerWaiter lower_writes_{*this, net::Direction::kWrite};
  net::Alive alive_;
  std::int64_t read_at_ms_ = 0;
  IdleTimer idle_{*this};
};

}  // namespace caponier::tls
