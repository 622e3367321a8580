#include "gateway/upload.h"

#include "http/h1_encoder.h"

namespace caponier::gateway {

net::Task<void> Upload::run() {
  const State end = co_await relay();
  if (end != State::kDone && end != State::kUpstreamClosed) upstream_.abort();
  state_ = end;
  if (waiter_) std::exchange(waiter_, {}).resume();
}

net::Task<Upload::State> Upload::relay() {
  for (;;) {
    const BodyPiece piece = co_await client_.read_body();
    switch (piece.status) {
      case BodyPiece::Status::kData:
        break;
      case BodyPiece::Status::kEnd:
        if (!chunked_) co_return State::kDone;
        frame_.clear();
        http::append_last_chunk(frame_);
        co_return co_await pass(frame_, {});
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
    State passed = co_await pass(frame_, piece.data);
    if (passed == State::kDone && chunked_) passed = co_await pass("\r\n", {});
    if (passed != State::kDone) co_return passed;
  }
}

// kDone, or why the upstream does not take it. The views live in this object or in the client's buffer.
net::Task<Upload::State> Upload::pass(std::string_view first, std::string_view second) {
  const auto sent = co_await upstream_.write(first, second, upstream_.loop().now_ms() + write_ms_);
  progress_ms_ = upstream_.loop().now_ms();
  if (sent.ok()) co_return State::kDone;
  co_return sent.status == net::IoStatus::kTimedOut ? State::kUpstreamTooSlow : State::kUpstreamClosed;
}

}  // namespace caponier::gateway
