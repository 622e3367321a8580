#include "gateway/upload.h"

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
        co_return co_await pass({}, true);
      case BodyPiece::Status::kTooSlow:
        if (may_pause_) continue;
        co_return State::kTooSlow;
      case BodyPiece::Status::kClosed:
        co_return State::kClientClosed;
      case BodyPiece::Status::kMalformed:
        co_return State::kMalformed;
    }
    if (piece.data.empty()) continue;
    bytes_ += piece.data.size();
    if (bytes_ > bytes_max_) co_return State::kTooLarge;
    const State passed = co_await pass(piece.data, false);
    if (passed != State::kDone) co_return passed;
  }
}

// kDone, or why the upstream does not take it. The data lives in the client's buffer.
net::Task<Upload::State> Upload::pass(std::string_view data, bool last) {
  const auto sent = co_await upstream_.send_body(data, last, loop_.now_ms() + write_ms_);
  progress_ms_ = loop_.now_ms();
  if (sent.ok()) co_return State::kDone;
  co_return sent.status == net::IoStatus::kTimedOut ? State::kUpstreamTooSlow : State::kUpstreamClosed;
}

}  // namespace caponier::gateway
