#include "upstream/http1_connection.h"

#include <utility>

#include "http/h1_encoder.h"
#include "upstream/pool.h"

namespace caponier::upstream {

Http1Connection::Http1Connection(std::unique_ptr<net::Stream> stream, Pool& pool, BlockPool& blocks,
                                 const HttpLimits& limits)
    : stream_(std::move(stream)), pool_(pool), limits_(limits), buffer_(blocks), decoder_(limits) {}

Http1Connection::~Http1Connection() {
  stream_->wait(net::Direction::kRead, nullptr);
  count_in(nullptr);
}

void Http1Connection::ready() {
  char stray = 0;
  if (stream_->try_read(&stray, 1).status == net::IoStatus::kWouldBlock) {
    stream_->wait(net::Direction::kRead, this);
    return;
  }
  // Nothing is owed to us: whatever this is, a close or stray bytes, the connection cannot carry another
  // exchange.
  pool_.drop(this);
}

void Http1Connection::begin(http::Method method, bool upgrade) {
  method_ = method;
  upgrade_ = upgrade;
  interim_ = 0;
  keep_alive_ = true;
  decoder_.begin(method, upgrade);
}

void Http1Connection::count_in(std::int64_t* held) {
  if (held_ != nullptr) *held_ -= counted_;
  counted_ = 0;
  held_ = held;
}

void Http1Connection::count_buffer() {
  if (held_ == nullptr) return;
  const auto bytes = static_cast<std::int64_t>(buffer_.capacity());
  *held_ += bytes - counted_;
  counted_ = bytes;
}

net::Stream::WriteAwaiter Http1Connection::send(std::string& text, const RequestBody& body,
                                                std::int64_t deadline_ms, std::int64_t progress_ms) {
  chunked_ = body.length.kind == http::BodyKind::kChunked;
  if (chunked_) {
    text += "Transfer-Encoding: chunked\r\n";
  } else if (body.length.kind == http::BodyKind::kLength) {
    http::append_content_length(text, body.length.bytes);
  }
  text += "\r\n";
  return stream_->write(text, body.data, deadline_ms, progress_ms);
}

net::Task<net::IoResult> Http1Connection::send_body(std::string_view data, bool last,
                                                    std::int64_t deadline_ms) {
  chunk_.clear();
  if (chunked_ && !data.empty()) http::append_chunk_head(chunk_, data.size());
  if (chunked_ && data.empty() && last) http::append_last_chunk(chunk_);
  auto sent = co_await stream_->write(chunk_, data, deadline_ms);
  if (!sent.ok() || !chunked_ || data.empty()) co_return sent;
  chunk_ = "\r\n";
  if (last) http::append_last_chunk(chunk_);
  sent = co_await stream_->write(chunk_, {}, deadline_ms);
  co_return sent;
}

void Http1Connection::consume_taken() {
  buffer_.consume(std::exchange(taken_, 0));
}

net::Stream::ReadAwaiter Http1Connection::receive(std::int64_t deadline_ms) {
  consume_taken();
  buffer_.reserve(BlockPool::kBlockBytes / 2);
  count_buffer();
  return stream_->read(buffer_.tail(), buffer_.tail_room(), deadline_ms);
}

Result<http::HeadStatus, Connection::Malformed> Http1Connection::read_head() {
  while (!buffer_.empty()) {
    const auto status = decoder_.feed(buffer_.view());
    if (!status) return Err(http::name(status.error()));
    if (*status == http::HeadStatus::kNeedMore) break;
    // A 101 that nobody asked for is refused by the decoder.
    if (decoder_.head().status >= 200 || decoder_.head().status == 101) return http::HeadStatus::kComplete;
    if (++interim_ > limits_.interim_answers_max) return Err(Malformed("too many interim answers"));
    buffer_.consume(decoder_.head_bytes());
    decoder_.begin(method_, upgrade_);
  }
  return http::HeadStatus::kNeedMore;
}

void Http1Connection::begin_body() {
  const http::ResponseHead& head = decoder_.head();
  keep_alive_ = head.keep_alive && head.body.kind != http::BodyKind::kUntilClose;
  body_ = http::BodyDecoder(head.body, limits_);
  buffer_.consume(decoder_.head_bytes());
}

Result<Connection::Piece, Connection::Malformed> Http1Connection::read_body() {
  consume_taken();
  const auto piece = body_.feed(buffer_.view());
  if (!piece) return Err(http::name(piece.error()));
  taken_ = piece->consumed;
  return Piece{piece->data, piece->consumed > 0};
}

void Http1Connection::give_back(std::unique_ptr<Connection> self) {
  (void)self.release();  // it is this
  std::unique_ptr<Http1Connection> connection(this);
  consume_taken();
  count_in(nullptr);
  if (keep_alive_) pool_.keep(std::move(connection));
}

}  // namespace caponier::upstream
