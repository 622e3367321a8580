#include "gateway/upload.h"

#include "http/h1_encoder.h"

namespace caponier::gateway {

net::Task<void> Upload::run() {
  const State end = co_await relay();
  if (end != State::kDone) upstream_.abort();
  state_ = end;
  if (waiter_) std::exchange(waiter_, {}).resume();
}

net::Task<Upload::State> Upload::relay() {
  for (;;) {
    const BodyPiece piece = co_await client_.read_body();
    switch (piece.status) {
      case BodyPiece::Status::kData:
        break;
      case BodyPiece::Status::kEnd: {
        if (!chunked_) co_return State::kDone;
        frame_.clear();
        http::append_last_chunk(frame_);
        const auto sent = co_await upstream_.write(frame_, {}, upstream_.loop().now_ms() + write_ms_);
        co_return sent.ok() ? State::kDone : State::kUpstreamClosed;
      }
      case BodyPiece::Status::kTooSlow:
        co_return State::kTooSlow;
      case BodyPiece::Status::kClosed:
        co_return State::kClientClosed;
      case BodyPiece::Status::kMalformed:
        co_return State::kMalformed;
    }
    bytes_ += piece.data.size();
    if (bytes_ > bytes_max_) co_return State::kTooLarge;
    frame_.clear();
    if (chunked_) http::append_chunk_head(frame_, piece.data.size());
    auto sent = co_await upstream_.write(frame_, piece.data, upstream_.loop().now_ms() + write_ms_);
    if (sent.ok() && chunked_)
      sent = co_await upstream_.write("\r\n", {}, upstream_.loop().now_ms() + write_ms_);
    if (!sent.ok()) co_return State::kUpstreamClosed;
  }
}

}  // namespace caponier::gateway
