// A connection that carries one exchange at a time, by HTTP/1.1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/buffer.h"
#include "base/limits.h"
#include "http/h1_decoder.h"
#include "upstream/connection.h"

namespace caponier::upstream {

class Pool;

class Http1Connection final : public Connection, private net::Waiter {
 public:
  // `pool` and `limits` outlive it.
  Http1Connection(std::unique_ptr<net::Stream> stream, Pool& pool, BlockPool& blocks,
                  const HttpLimits& limits);
  ~Http1Connection() override;

  net::Stream& stream() { return *stream_; }
  Buffer& buffer() { return buffer_; }
  // Behind the head of a 101 stands what the upstream said in the other protocol.
  void end_head() { buffer_.consume(decoder_.head_bytes()); }

  [[nodiscard]] bool reused() const override { return uses_ > 1; }
  [[nodiscard]] bool untouched(const net::IoResult& sent) const override { return sent.bytes == 0; }
  void begin(http::Method method, bool upgrade) override;
  void count_in(std::int64_t* held) override;
  net::Stream::WriteAwaiter send(std::string& text, const RequestBody& body, std::int64_t deadline_ms,
                                 std::int64_t progress_ms) override;
  net::Task<net::IoResult> send_body(std::string_view data, bool last, std::int64_t deadline_ms) override;
  net::Stream::ReadAwaiter receive(std::int64_t deadline_ms) override;
  void received(std::size_t bytes) override { buffer_.commit(bytes); }
  Result<http::HeadStatus, Malformed> read_head() override;
  [[nodiscard]] const http::ResponseHead& head() const override { return decoder_.head(); }
  void begin_body() override;
  Result<Piece, Malformed> read_body() override;
  [[nodiscard]] bool complete() const override { return body_.complete(); }
  bool end_at_close() override { return body_.finish_on_close(); }
  [[nodiscard]] std::string_view trailers() const override { return body_.trailers(); }
  [[nodiscard]] bool silent() const override { return buffer_.empty(); }
  void abort() override { stream_->abort(); }
  void give_back(std::unique_ptr<Connection> self) override;
  Http1Connection* http1() override { return this; }

 private:
  friend class Pool;
  void ready() override;  // while idle: the upstream spoke or closed
  void consume_taken();
  void count_buffer();

  std::unique_ptr<net::Stream> stream_;
  Pool& pool_;
  const HttpLimits& limits_;
  Buffer buffer_;
  http::ResponseDecoder decoder_;
  http::BodyDecoder body_;
  std::string chunk_;  // what frames the piece on its way
  http::Method method_ = http::Method::kGet;
  bool upgrade_ = false;
  bool chunked_ = false;    // the request's body
  bool keep_alive_ = true;  // after the answer
  std::int64_t* held_ = nullptr;
  std::int64_t counted_ = 0;  // of the buffer, in held_
  std::size_t taken_ = 0;     // of the buffer, by the last piece
  std::uint32_t interim_ = 0;
  std::uint32_t uses_ = 0;
  std::int64_t idle_since_ms_ = 0;
};

}  // namespace caponier::upstream
