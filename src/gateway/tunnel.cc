#include "gateway/tunnel.h"

#include <algorithm>
#include <array>
#include <utility>

namespace caponier::gateway {

Tunnel::Tunnel(ClientSide& client, upstream::Http1Connection& upstream, Bounds bounds)
    : client_(client), upstream_(upstream), bounds_(bounds), touched_ms_(upstream.stream().loop().now_ms()) {}

net::Task<Tunnel::End> Tunnel::run() {
  client_.begin_tunnel(bounds_.idle_ms);
  net::spawn(pass_up());
  End end = co_await pass_down();
  if (up_ended_) co_return up_end_;
  down_ended_ = true;
  client_.stop_body();
  if (writing_up_) upstream_.stream().abort();
  co_await UpEnded{*this};
  co_return end;
}

net::Task<void> Tunnel::say_close(std::uint16_t code) {
  if (torn_ || !place_.may_add()) co_return;
  const std::array<char, 4> frame = {'\x88', '\x02', static_cast<char>(code >> 8),
                                     static_cast<char>(code & 0xff)};
  AnswerPiece piece;
  piece.data = {frame.data(), frame.size()};
  const auto sent = co_await client_.send(text_, piece);
  if (sent.ok()) bytes_down_ += frame.size();
}

bool Tunnel::is_over(End& end) const {
  const std::int64_t now_ms = upstream_.stream().loop().now_ms();
  if (now_ms >= bounds_.ends_ms) {
    end = End::kOver;
    return true;
  }
  end = End::kIdle;
  return now_ms - touched_ms_ >= bounds_.idle_ms;
}

// From the upstream to the client, beginning with what came behind the upstream's head.
net::Task<Tunnel::End> Tunnel::pass_down() {
  Buffer& buffer = upstream_.buffer();
  End end = End::kOver;
  while (!up_ended_) {
    if (!buffer.empty()) {
      const std::string_view bytes = buffer.view();
      AnswerPiece piece;
      piece.data = bytes;
      const auto sent = co_await client_.send(text_, piece);
      if (!sent.ok()) {
        torn_ = true;
        co_return sent.status == net::IoStatus::kTimedOut ? End::kStuck : End::kClientClosed;
      }
      bytes_down_ += bytes.size();
      place_.pass(bytes);
      buffer.consume(bytes.size());
      touch();
      // A stream that never pauses ends in time as well.
      if (is_over(end)) co_return end;
      continue;
    }
    buffer.reserve(BlockPool::kBlockBytes / 2);
    const std::int64_t until_ms = std::min(bounds_.ends_ms, touched_ms_ + bounds_.idle_ms);
    auto reading = upstream_.stream().read(buffer.tail(), buffer.tail_room(), until_ms);
    down_read_ = &reading;
    const auto read = co_await reading;
    down_read_ = nullptr;
    if (read.ok()) {
      buffer.commit(read.bytes);
    } else if (read.status == net::IoStatus::kClosed) {
      co_return End::kUpstreamClosed;
    } else if (read.status != net::IoStatus::kTimedOut) {
      co_return End::kUpstreamBroken;
    } else if (is_over(end)) {
      co_return end;
    }
  }
  co_return up_end_;
}

net::Task<void> Tunnel::pass_up() {
  up_end_ = co_await relay_up();
  up_ended_ = true;
  if (waiter_) {
    std::exchange(waiter_, {}).resume();
  } else if (down_read_ != nullptr) {
    down_read_->give_up();
  }
}

// From the client to the upstream. Time is up when pass_down() says so.
net::Task<Tunnel::End> Tunnel::relay_up() {
  while (!down_ended_) {
    const BodyPiece piece = co_await client_.read_body();
    if (piece.status == BodyPiece::Status::kTooSlow) continue;
    if (piece.status != BodyPiece::Status::kData) break;
    net::Stream& upstream = upstream_.stream();
    writing_up_ = true;
    const auto sent = co_await upstream.write(piece.data, {}, upstream.loop().now_ms() + bounds_.write_ms);
    writing_up_ = false;
    if (!sent.ok()) co_return sent.status == net::IoStatus::kTimedOut ? End::kStuck : End::kUpstreamBroken;
    bytes_up_ += piece.data.size();
    touch();
  }
  co_return End::kClientClosed;
}

}  // namespace caponier::gateway
