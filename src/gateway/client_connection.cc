#include "gateway/client_connection.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/canary.h"
#include "event/record.h"
#include "gateway/undecodable.h"
#include "http/h1_encoder.h"
#include "stages/scrub/scrub.h"
#include "tls/context.h"

namespace caponier::gateway {
namespace {

constexpr std::size_t kTailRoomMin = 2048;  // left behind a head, for reading its body
constexpr std::size_t kReadRoom = 2 * kTailRoomMin;
constexpr std::size_t kMuch = BlockPool::kBlockBytes / 2;  // of a body in one read
constexpr std::int64_t kLingerMs = 1000;
constexpr std::size_t kLingerBytesMax = std::size_t{1024} * 1024;

}  // namespace

class ClientConnection::FirstByte final : private net::Waiter, private net::TimerNode {
 public:
  FirstByte(ClientConnection& connection, std::int64_t deadline_ms)
      : connection_(connection), deadline_ms_(deadline_ms) {}
  bool await_ready() { return attempt(); }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    connection_.quiet_ = this;
    connection_.stream_->wait(net::Direction::kRead, this);
    connection_.worker_.loop().timers().set(*this, deadline_ms_);
  }
  net::IoResult await_resume() const { return result_; }
  void hurry(std::int64_t deadline_ms) {
    deadline_ms_ = std::min(deadline_ms_, deadline_ms);
    connection_.worker_.loop().timers().set(*this, deadline_ms_);
  }
  void end(net::IoStatus status) {
    result_ = {status, 0};
    resume();
  }

 private:
  bool attempt() {
    Buffer& buffer = connection_.buffer_;
    buffer.reserve(kReadRoom);
    result_ = connection_.stream_->try_read(buffer.tail(), buffer.tail_room() - kTailRoomMin);
    if (result_.ok()) {
      buffer.commit(result_.bytes);
    } else {
      buffer.release();
      if (connection_.decoder_) connection_.worker_.give_decoder(std::move(connection_.decoder_));
    }
    return result_.status != net::IoStatus::kWouldBlock;
  }
  void ready() override {
    if (attempt()) {
      resume();
    } else {
      connection_.stream_->wait(net::Direction::kRead, this);
    }
  }
  void expired() override { end(net::IoStatus::kTimedOut); }
  void resume() {
    connection_.quiet_ = nullptr;
    connection_.stream_->wait(net::Direction::kRead, nullptr);
    net::TimerWheel::cancel(*this);
    handle_.resume();
  }
  ClientConnection& connection_;
  std::int64_t deadline_ms_;
  net::IoResult result_;
  std::coroutine_handle<> handle_;
};

ClientConnection::ClientConnection(Worker& worker, std::unique_ptr<net::Stream> stream, stages::Peer peer,
                                   std::shared_ptr<const Surface> surface, bool address_counted)
    : worker_(worker),
      service_(worker.service()),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      surface_(std::move(surface)),
      address_counted_(address_counted),
      buffer_(worker.blocks()),
      bulk_(worker.bulk_blocks()),
      memory_(worker.shared()),
      driver_(worker, *this, memory_) {
  peer_.listener = surface_->name;
  peer_.rules = &surface_->rules;
  next_ = worker_.connections_;
  if (next_ != nullptr) next_->previous_ = this;
  worker_.connections_ = this;
}

ClientConnection::~ClientConnection() {
  if (exchange_) worker_.give_exchange(std::move(exchange_));
  if (decoder_) worker_.give_decoder(std::move(decoder_));
  if (previous_ != nullptr) {
    previous_->next_ = next_;
  } else {
    worker_.connections_ = next_;
  }
  if (next_ != nullptr) next_->previous_ = previous_;
  if (!canary("connection-never-left"))
    worker_.shared().connections.leave(address_counted_ ? std::string(peer_.limit_key()) : std::string());
}

void ClientConnection::start() {
  net::spawn(live(this));
}

net::Task<void> ClientConnection::live(ClientConnection* self) {
  const std::unique_ptr<ClientConnection> owner(self);
  self->arrived_by_ms_ = self->worker_.loop().now_ms() + self->service_->plan().limits.time.handshake_ms;
  if (!co_await self->identify()) co_return;
  if (!co_await self->secure()) co_return;
  if (self->stream_->protocol() == "h2") {
    co_await self->serve_http2();
  } else {
    co_await self->serve();
  }
}

net::Task<void> ClientConnection::serve_http2() {
  http2_ = std::make_unique<Http2Connection>(worker_, *stream_, peer_, memory_);
  co_await http2_->serve();
  http2_.reset();
  co_await linger();
}

void ClientConnection::end_if_idle() {
  if (http2_) {
    http2_->drain();  // which may be the end of this object
    return;
  }
  if (quiet_ == nullptr) return;
  const std::int64_t grace_ms = worker_.shared().idle_grace_ms.load(std::memory_order_relaxed);
  if (grace_ms == 0) {
    quiet_->end(net::IoStatus::kClosed);
  } else {
    quiet_->hurry(worker_.loop().now_ms() + grace_ms);
  }
}

// Only where nothing views the old Plan: before a head's first byte.
void ClientConnection::follow() {
  if (service_ == worker_.service()) return;
  service_ = worker_.service();
}

void ClientConnection::follow_if_idle() {
  if (quiet_ != nullptr) follow();
}

void ClientConnection::abort() {
  if (aborted_ || driver_.end_tunnel()) return;
  aborted_ = true;
  if (stream_) stream_->abort();
  driver_.abort();
  if (http2_) http2_->abort();
}

net::Task<bool> ClientConnection::secure() {
  if (!surface_->tls) co_return true;
  auto secured = co_await tls::accept(std::move(stream_), surface_->tls, arrived_by_ms_);
  if (aborted_) co_return false;
  if (secured) {
    stream_ = std::move(*secured);
    note_session();
    co_return true;
  }
  record_arrival("handshake", reason_of(secured.error()), secured.error().detail);
  co_return false;
}

net::Task<void> ClientConnection::serve() {
  for (;;) {
    const HeadRead read = co_await read_head();
    if (read == HeadRead::kEnd) break;
    if (read == HeadRead::kRefused) {
      co_await linger();
      co_return;
    }
    begin_exchange();
    ++served_;
    const bool may_stay = served_ < service_->plan().limits.connections.requests_per_connection_max;
    const bool keep = co_await driver_.run(*exchange_, *service_, may_stay);
    worker_.give_exchange(std::move(exchange_));
    bulk_.release();
    if (aborted_) co_return;
    if (!keep) {
      co_await linger();
      co_return;
    }
    buffer_.cut(decoder_->head_bytes(), std::exchange(body_used_, 0));
    buffer_.consume(decoder_->head_bytes());
  }
  if (!aborted_) stream_->shutdown();
}

net::Task<ClientConnection::HeadRead> ClientConnection::read_head() {
  follow();
  if (buffer_.empty()) {
    const TimeLimits& time = service_->plan().limits.time;
    std::int64_t idle_ms = served_ == 0 ? time.head_ms : time.keep_alive_idle_ms;
    if (worker_.shared().draining.load(std::memory_order_acquire) && served_ > 0) {
      idle_ms = std::min(idle_ms, worker_.shared().idle_grace_ms.load(std::memory_order_relaxed));
      if (idle_ms == 0) co_return HeadRead::kEnd;
    }
    const auto first = co_await FirstByte(*this, worker_.loop().now_ms() + idle_ms);
    if (!first.ok()) co_return HeadRead::kEnd;
  }
  if (!decoder_) decoder_ = worker_.take_decoder();
  decoder_->begin(service_->plan().limits.http);
  const std::int64_t deadline = worker_.loop().now_ms() + service_->plan().limits.time.head_ms;
  for (;;) {
    const auto status = decoder_->feed(buffer_.view());
    if (!status) {
      co_await refuse_undecodable(reason_for(status.error()), http::name(status.error()));
      co_return HeadRead::kRefused;
    }
    if (*status == http::HeadStatus::kComplete) co_return HeadRead::kComplete;
    buffer_.reserve(kReadRoom);
    const auto read = co_await stream_->read(buffer_.tail(), buffer_.tail_room() - kTailRoomMin, deadline);
    if (read.status == net::IoStatus::kTimedOut) {
      co_await refuse_undecodable(Reason::kRequestTimeout, "the head was not complete in time");
      co_return HeadRead::kRefused;
    }
    if (!read.ok()) {
      event::ConnectionRecord cut;
      cut.wall_ms = worker_.loop().now().wall_ms;
      cut.type = "undecodable";
      cut.peer = peer_.text;
      cut.listener = peer_.listener;
      cut.reason = Reason::kClientClosed;
      cut.detail = "the connection ended within a head";
      worker_.record(cut);
      co_return HeadRead::kEnd;
    }
    buffer_.commit(read.bytes);
  }
}

void ClientConnection::begin_exchange() {
  exchange_ = worker_.take_exchange();
  stages::Exchange& x = *exchange_;
  if (x.plan != service_->generation->plan) x.plan = service_->generation->plan;
  x.now = worker_.loop().now();
  x.peer = &peer_;
  x.head = &decoder_->head();
  x.request_id = worker_.ids().next_128(x.arena);
  x.trace_id = x.request_id;  // whoever has one of them finds the other
  x.span_id = worker_.ids().next_64(x.arena);
  body_ = http::BodyDecoder(x.head->body, service_->plan().limits.http);
  body_used_ = 0;
  keeps_up_ = false;
  body_idle_ms_ = service_->plan().limits.time.body_progress_ms;
  invited_ = false;
  body_stopped_ = false;
  holding_ = false;
}

net::Task<void> ClientConnection::refuse_undecodable(Reason reason, std::string_view detail) {
  auto exchange = worker_.take_exchange();  // for its arena
  const std::string_view id = worker_.ids().next_128(exchange->arena);
  record_undecodable(worker_, peer_, reason, detail, id);
  scratch_.clear();
  const std::string body =
      stages::append_bare_refusal(scratch_, reason, id, service_->plan().hsts && peer_.tls);
  scratch_ += "Connection: close\r\n\r\n";
  worker_.give_exchange(std::move(exchange));
  co_await write(scratch_, body);
}

// A clean end that does not reset the connection under an answer that is still on its way: our side ends,
// what the client still sends is read and dropped, for a while.
net::Task<void> ClientConnection::linger() {
  if (aborted_) co_return;
  stream_->shutdown();
  buffer_.release();
  buffer_.reserve(BlockPool::kBlockBytes);
  const std::int64_t deadline = worker_.loop().now_ms() + kLingerMs;
  for (std::size_t dropped = 0; dropped < kLingerBytesMax;) {
    const auto read = co_await stream_->read(buffer_.tail(), buffer_.tail_room(), deadline);
    if (!read.ok()) co_return;
    dropped += read.bytes;
  }
}

std::optional<std::string_view> ClientConnection::whole_body() {
  const http::BodyLength& length = exchange_->head->body;
  const std::string_view here = buffer_.view().substr(decoder_->head_bytes());
  if (length.kind != http::BodyKind::kLength || here.size() < length.bytes) return std::nullopt;
  auto piece = body_.feed(here);
  if (!piece || !body_.complete()) return std::nullopt;
  body_used_ = piece->consumed;
  return piece->data;
}

// Where the body is read to. A large room takes fewer calls for the same bytes.
std::span<char> ClientConnection::body_room() {
  const std::uint64_t owed = body_.owed();
  if (!keeps_up_ || owed <= buffer_.tail_room()) {
    bulk_.release();
    return {buffer_.tail(), buffer_.tail_room()};
  }
  bulk_.reserve(worker_.bulk_blocks().block_bytes());
  return {bulk_.tail(), static_cast<std::size_t>(std::min<std::uint64_t>(owed, bulk_.tail_room()))};
}

net::Task<BodyPiece> ClientConnection::read_body() {
  const std::size_t head_bytes = decoder_->head_bytes();
  bulk_.consume(bulk_.size());
  for (;;) {
    buffer_.cut(head_bytes, std::exchange(body_used_, 0));
    if (body_.complete()) co_return BodyPiece{BodyPiece::Status::kEnd, {}};
    const auto piece = body_.feed(buffer_.view().substr(head_bytes));
    if (!piece) co_return BodyPiece{BodyPiece::Status::kMalformed, {}};
    body_used_ = piece->consumed;
    if (!piece->data.empty()) co_return BodyPiece{BodyPiece::Status::kData, piece->data};
    // Framing alone is progress, and time passes with it: who asked looks at the clock.
    if (piece->consumed > 0 && !body_.complete()) co_return BodyPiece{BodyPiece::Status::kData, {}};
    if (piece->consumed > 0) continue;
    if (buffer_.tail_room() == 0) co_return BodyPiece{BodyPiece::Status::kMalformed, {}};
    if (body_stopped_) co_return BodyPiece{BodyPiece::Status::kClosed, {}};
    const std::span<char> room = body_room();
    auto reading = stream_->read(room.data(), room.size(), worker_.loop().now_ms() + body_idle_ms_);
    body_read_ = &reading;
    const auto read = co_await reading;
    body_read_ = nullptr;
    if (body_stopped_) co_return BodyPiece{BodyPiece::Status::kClosed, {}};
    if (read.status == net::IoStatus::kTimedOut) co_return BodyPiece{BodyPiece::Status::kTooSlow, {}};
    if (!read.ok()) co_return BodyPiece{BodyPiece::Status::kClosed, {}};
    keeps_up_ = read.bytes >= kMuch;
    if (room.data() == buffer_.tail()) {
      buffer_.commit(read.bytes);
      continue;
    }
    bulk_.commit(read.bytes);
    const auto bulk = body_.feed(bulk_.view());  // no more than it owes: all of it is the body's
    co_return BodyPiece{BodyPiece::Status::kData, bulk->data};
  }
}

void ClientConnection::begin_tunnel(std::int64_t idle_ms) {
  body_ = http::BodyDecoder({http::BodyKind::kUntilClose, 0}, service_->plan().limits.http);
  body_idle_ms_ = idle_ms;
}

void ClientConnection::stop_body() {
  body_stopped_ = true;
  if (body_read_ != nullptr) body_read_->give_up();
}

net::Task<bool> ClientConnection::invite_body() {
  const bool body_came = buffer_.size() > decoder_->head_bytes();
  if (!exchange_->head->expects_continue || body_came || std::exchange(invited_, true)) co_return true;
  const auto sent = co_await write("HTTP/1.1 100 Continue\r\n\r\n", {});
  co_return sent.ok();
}

// A piece of known length leaves from where it is, in one call with its head; chunks are gathered in `text`.
net::Stream::WriteAwaiter ClientConnection::send(std::string& text, const AnswerPiece& piece) {
  const bool held = std::exchange(holding_, false);
  if (piece.head) {
    const bool old = exchange_->head->minor_version == 0;
    chunked_ = piece.open && !old;
    if (chunked_) text += "Transfer-Encoding: chunked\r\n";
    if (!piece.keep_alive) {
      text += "Connection: close\r\n";
    } else if (old) {
      text += "Connection: keep-alive\r\n";
    }
    text += "\r\n";
  } else if (!held) {
    text.clear();  // it has left
  }
  std::string_view data = piece.data;
  if (chunked_ && !data.empty()) {
    http::append_chunk_head(text, data.size());
    text.append(std::exchange(data, {})).append("\r\n");
  }
  if (chunked_ && piece.last) text.append("0\r\n").append(piece.trailers).append("\r\n");
  if (piece.more && data.empty()) {
    holding_ = true;
    return write({}, {});
  }
  return write(text, data, piece.until_ms);
}

// After abort(), the stream answers that it is broken.
net::Stream::WriteAwaiter ClientConnection::write(std::string_view first, std::string_view second,
                                                  std::int64_t until_ms) {
  const std::int64_t progress_ms = service_->plan().limits.time.write_progress_ms;
  return stream_->write(first, second, std::max(until_ms, worker_.loop().now_ms() + progress_ms),
                        progress_ms);
}

}  // namespace caponier::gateway
