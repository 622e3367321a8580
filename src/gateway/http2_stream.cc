#include "gateway/http2_stream.h"

#include <algorithm>
#include <utility>

#include "base/release.h"
#include "gateway/http2_connection.h"
#include "gateway/worker.h"
#include "http/h2_encoder.h"
#include "http/h2_request.h"
#include "net/readiness.h"

namespace caponier::gateway {

using http::h2::ErrorCode;

Http2Stream::Http2Stream(Http2Connection& connection)
    : connection_(connection), driver_(connection.worker_, *this, connection.memory_) {}

Http2Stream::~Http2Stream() {
  if (exchange_) end_exchange();
  drop_body();
}

net::Loop& Http2Stream::Channel::loop() {
  return owner_.connection_.worker_.loop();
}

void Http2Stream::begin(std::uint32_t id, http::h2::FieldBlock& fields, bool ended) {
  id_ = id;
  std::swap(fields_, fields);
  service_ = connection_.worker_.service();
  body_ended_ = ended;
  head_bytes_ = 0;
  given_back_ = 0;
  body_begun_ = body_taken_ = body_stopped_ = malformed_ = invited_ = holding_ = ending_ = false;
  answered_ = started_ = finished_ = gone_ = told_ = woken = false;
}

std::optional<http::DecodeError> Http2Stream::read_head() {
  const bool tls = connection_.peer_.tls;
  const auto error = http::h2::read_request(fields_, body_ended_, tls, service_->plan().limits.http, head_);
  body_left_ = head_.body.bytes;
  return error;
}

bool Http2Stream::add_body(std::string_view data, bool ends) {
  body_begun_ = true;
  if (head_.body.kind == http::BodyKind::kLength) {
    malformed_ = data.size() > body_left_ || (ends && data.size() < body_left_);
    body_left_ -= std::min<std::uint64_t>(data.size(), body_left_);
  }
  if (malformed_) {
    body_ended_ = true;
    return false;
  }
  incoming_.append(data);
  connection_.memory_.add(static_cast<std::int64_t>(data.size()));
  body_ended_ = ends;
  return true;
}

std::int64_t Http2Stream::give_back(std::size_t bytes, std::int64_t worth) {
  given_back_ += static_cast<std::int64_t>(bytes);
  if (given_back_ < worth) return 0;
  receive_window += given_back_;
  return std::exchange(given_back_, 0);
}

void Http2Stream::end_now() {
  gone_ = true;
}

void Http2Stream::wake() {
  woken = false;
  if (finished_) return;
  if (!std::exchange(started_, true)) {
    if (gone_) {
      drop_body();
      finished_ = true;
      connection_.note_finished();
      return;
    }
    net::spawn(run());
    return;
  }
  if (gone_ && !std::exchange(told_, true)) driver_.client_gone();
  const bool readable = !incoming_.empty() || body_ended_ || gone_;
  if (readable && reader_ != nullptr) std::exchange(reader_, nullptr)->ready();
  if (writer_ != nullptr) std::exchange(writer_, nullptr)->ready();
}

void Http2Stream::begin_exchange() {
  Worker& worker = connection_.worker_;
  exchange_ = worker.take_exchange();
  stages::Exchange& x = *exchange_;
  if (x.plan != service_->generation->plan) x.plan = service_->generation->plan;
  x.now = worker.loop().now();
  x.peer = &connection_.peer_;
  x.head = &head_;
  x.request_id = worker.ids().next_128(x.arena);
  x.trace_id = x.request_id;  // whoever has one of them finds the other
  x.span_id = worker.ids().next_64(x.arena);
  body_idle_ms_ = service_->plan().limits.time.body_progress_ms;
  constexpr std::size_t kSmallHeadBytes = 4096;
  if (fields_.capacity() <= kSmallHeadBytes) return;
  head_counted_ = static_cast<std::int64_t>(fields_.capacity());
  connection_.memory_.add(head_counted_);
}

net::Task<void> Http2Stream::run() {
  begin_exchange();
  (void)co_await driver_.run(*exchange_, *service_, true);
  if (!gone_) {
    if (!answered_) {
      connection_.reset(id_, ErrorCode::kInternalError);
    } else if (malformed_) {
      connection_.reset(id_, ErrorCode::kProtocolError);
    } else if (!body_ended_) {
      connection_.let_finish(id_);
    }
  }
  end_exchange();
  finished_ = true;
  connection_.note_finished();
}

// What the exchange holds goes back.
void Http2Stream::end_exchange() {
  if (head_counted_ > 0) {
    connection_.memory_.add(-std::exchange(head_counted_, 0));
    http::h2::FieldBlock none;
    std::swap(fields_, none);
  }
  connection_.worker_.give_exchange(std::move(exchange_));
  service_.reset();
  body_ended_ = true;
  drop_body();
}

// Whatever of the body nobody took: the next request begins with none.
void Http2Stream::drop_body() {
  release_given();
  std::swap(given_, incoming_);
  release_given();
  constexpr std::size_t kKeptBytes = std::size_t{32} * 1024;
  for (std::string* body : {&given_, &incoming_}) {
    if (body->capacity() > kKeptBytes) release(*body);
  }
}

// The windows open again by what was taken.
void Http2Stream::release_given() {
  if (given_.empty()) return;
  connection_.memory_.add(-static_cast<std::int64_t>(given_.size()));
  connection_.credit(this, given_.size());
  given_.clear();
}

std::optional<std::string_view> Http2Stream::whole_body() {
  if (!body_ended_ || malformed_ || gone_ || body_taken_ || head_.body.kind == http::BodyKind::kNone)
    return std::nullopt;
  body_taken_ = true;
  std::swap(given_, incoming_);
  return given_;
}

net::Task<BodyPiece> Http2Stream::read_body() {
  for (;;) {
    release_given();
    if (gone_ || body_stopped_) co_return BodyPiece{BodyPiece::Status::kClosed, {}};
    if (!incoming_.empty()) {
      body_taken_ = true;
      std::swap(given_, incoming_);
      co_return BodyPiece{BodyPiece::Status::kData, given_};
    }
    if (malformed_) co_return BodyPiece{BodyPiece::Status::kMalformed, {}};
    if (body_ended_) co_return BodyPiece{BodyPiece::Status::kEnd, {}};
    const std::int64_t until_ms = channel_.loop().now_ms() + body_idle_ms_;
    const bool in_time = co_await net::Readiness(channel_, net::Direction::kRead, until_ms);
    if (!in_time) co_return BodyPiece{BodyPiece::Status::kTooSlow, {}};
  }
}

void Http2Stream::stop_body() {
  body_stopped_ = true;
  if (reader_ != nullptr) std::exchange(reader_, nullptr)->ready();
}

net::Task<bool> Http2Stream::invite_body() {
  if (gone_) co_return false;
  if (!head_.expects_continue || body_begun_ || std::exchange(invited_, true)) co_return true;
  co_return send_head("HTTP/1.1 100 Continue\r\n", false);
}

bool Http2Stream::send_head(std::string_view lines, bool ends) {
  if (!http::h2::append_head(connection_.output_, connection_.encoder_, id_, lines, ends)) {
    abort();
    return false;
  }
  answered_ |= ends;
  connection_.flush_later();
  return true;
}

net::Stream::WriteAwaiter Http2Stream::write(std::string_view first, std::string_view second,
                                             std::int64_t until_ms) {
  const std::int64_t progress_ms = service_->plan().limits.time.write_progress_ms;
  return channel_.write(first, second, std::max(until_ms, channel_.loop().now_ms() + progress_ms),
                        progress_ms);
}

// The head stands at the front of `text`, and behind it what is held back for the next piece.
net::Stream::WriteAwaiter Http2Stream::send(std::string& text, const AnswerPiece& piece) {
  const bool held = std::exchange(holding_, false);
  if (piece.head) {
    head_bytes_ = text.size();
  } else if (!held) {
    text.clear();
    head_bytes_ = 0;
  }
  if (piece.more) {
    holding_ = true;
    text.append(piece.data);
    return write({}, {});
  }
  const std::string_view first = std::string_view(text).substr(head_bytes_);
  const bool empty = first.empty() && piece.data.empty();
  const std::size_t head_bytes = std::exchange(head_bytes_, 0);
  if (head_bytes > 0 && !gone_)
    (void)send_head(std::string_view(text).substr(0, head_bytes),
                    empty && piece.last && piece.trailers.empty());
  // What is not taken shows in the result.
  if (gone_) return write("gone", {});
  ending_ = piece.last;
  trailers_ = piece.trailers;
  if (empty && piece.last && !answered_) {
    if (trailers_.empty()) {
      http::h2::append_data(connection_.output_, id_, {}, {}, true);
      answered_ = true;
      connection_.flush_later();
    } else {
      (void)send_head(trailers_, true);
    }
  }
  return write(first, piece.data, piece.until_ms);
}

// One frame, as far as both windows and the room for output let it.
net::IoResult Http2Stream::try_write(std::string_view first, std::string_view second) {
  if (gone_ || connection_.broken_) return {net::IoStatus::kReset, 0};
  const std::int64_t room = std::min(send_window, connection_.room());
  if (room <= 0) return {net::IoStatus::kWouldBlock, 0};
  const std::size_t whole = first.size() + second.size();
  const std::size_t bytes =
      std::min({whole, static_cast<std::size_t>(room), std::size_t{http::h2::kFrameBytesMax}});
  const std::size_t of_first = std::min(first.size(), bytes);
  const bool last = ending_ && bytes == whole;
  http::h2::append_data(connection_.output_, id_, first.substr(0, of_first),
                        second.substr(0, bytes - of_first), last && trailers_.empty());
  send_window -= static_cast<std::int64_t>(bytes);
  connection_.note_data(bytes, bytes == whole);
  if (last && trailers_.empty()) answered_ = true;
  if (last && !trailers_.empty()) (void)send_head(trailers_, true);
  connection_.flush_later();
  return {net::IoStatus::kOk, bytes};
}

// This stream only: the others go on.
void Http2Stream::abort() {
  if (gone_ || answered_) return;
  connection_.reset(id_, ErrorCode::kInternalError);
  told_ = true;
  end_now();
}

}  // namespace caponier::gateway
