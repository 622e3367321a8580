#include "gateway/driver.h"

#include <algorithm>
#include <utility>

#include "gateway/worker.h"
#include "http/h1_encoder.h"
#include "stages/pipeline.h"
#include "stages/scrub/scrub.h"

namespace caponier::gateway {

using stages::Denial;
using stages::Exchange;

namespace {

Denial denied(Reason reason, std::string_view stage, std::string_view detail) {
  Denial denial;
  denial.reason = reason;
  denial.stage = stage;
  denial.detail = detail;
  return denial;
}

void append_chunk(std::string& out, std::string_view data) {
  http::append_chunk_head(out, data.size());
  out += data;
  out += "\r\n";
}

Denial upload_denial(Upload::State state) {
  switch (state) {
    case Upload::State::kTooLarge:
      return denied(Reason::kBodyTooLarge, "validate", "the streamed body exceeds its bound");
    case Upload::State::kTooSlow:
      return denied(Reason::kRequestTimeout, "upstream", "the body made no progress in time");
    case Upload::State::kClientClosed:
      return denied(Reason::kClientClosed, "upstream", "closed within its body");
    case Upload::State::kMalformed:
      return denied(Reason::kBadRequestSyntax, "upstream", "the body's framing is malformed");
    default:
      return denied(Reason::kUpstreamClosed, "upstream", "closed while the body was sent");
  }
}

}  // namespace

std::int64_t Driver::deadline(std::int64_t within_ms) const {
  return std::min(ends_ms_, worker_.loop().now_ms() + within_ms);
}

net::Task<bool> Driver::run(Exchange& exchange, bool may_stay) {
  started_us_ = exchange.now.steady_us;
  ends_ms_ = exchange.now.steady_ms() + exchange.plan->limits.time.exchange_ms;
  keep_alive_ =
      may_stay && exchange.head->keep_alive && !worker_.shared().draining.load(std::memory_order_relaxed);
  denial_.reset();
  outcome_ = {};
  retried_ = false;
  if (worker_.overloaded()) {
    Denial busy = denied(Reason::kOverloaded, "admit", "memory in flight is at its bound");
    busy.retry_after_s = 1;
    co_await refuse(exchange, std::move(busy));
  } else if (co_await judge(exchange)) {
    co_await forward(exchange);
  }
  finish(exchange);
  co_return keep_alive_;
}

// True if the request may go upstream; otherwise it has been answered.
net::Task<bool> Driver::judge(Exchange& exchange) {
  const Limits& limits = exchange.plan->limits;
  for (;;) {
    auto verdict = stages::judge_head(worker_.state(), exchange);
    if (verdict) break;
    if (const stages::NeedKeys* need = verdict.need()) {
      if (++exchange.needs > limits.needs_per_exchange_max) {
        co_await refuse(exchange, denied(Reason::kNoVerdict, "authenticate", "too many needs"));
        co_return false;
      }
      co_await worker_.shared().key_service->wait_for(worker_.loop(), need->issuer,
                                                      deadline(limits.time.need_ms));
      continue;
    }
    if (const stages::LocalResponse* local = verdict.answer()) {
      co_await answer(exchange, *local);
    } else {
      co_await refuse(exchange, std::move(*verdict.denial()));
    }
    co_return false;
  }
  const stages::HeadDecision& decision = *exchange.head_decision;
  buffered_ = {};
  if (decision.body == nullptr || !decision.buffer_body) co_return true;
  if (auto whole = client_.whole_body()) {
    buffered_ = *whole;
  } else {
    if (auto denial = co_await gather_body(exchange, decision.body_bytes_max)) {
      co_await refuse(exchange, std::move(*denial));
      co_return false;
    }
    buffered_ = body_;
  }
  outcome_.request_body_bytes = buffered_.size();
  auto verdict = stages::judge_body(worker_.state(), exchange, buffered_);
  if (verdict) co_return true;
  Denial denial;  // of its own: g++ 12 destroys a conditional temporary of a co_await expression twice
  if (verdict.denial() != nullptr) denial = std::move(*verdict.denial());
  co_await refuse(exchange, std::move(denial));
  co_return false;
}

net::Task<std::optional<Denial>> Driver::gather_body(Exchange& exchange, std::uint64_t bytes_max) {
  body_.clear();
  if (exchange.head->body.kind == http::BodyKind::kLength)
    body_.reserve(std::min(bytes_max, exchange.head->body.bytes));
  if (!co_await client_.invite_body())
    co_return denied(Reason::kClientClosed, "validate", "closed before its body");
  for (;;) {
    const BodyPiece piece = co_await client_.read_body();
    switch (piece.status) {
      case BodyPiece::Status::kData:
        break;
      case BodyPiece::Status::kEnd:
        co_return std::nullopt;
      case BodyPiece::Status::kTooSlow:
        co_return denied(Reason::kRequestTimeout, "validate", "the body made no progress in time");
      case BodyPiece::Status::kClosed:
        co_return denied(Reason::kClientClosed, "validate", "closed within its body");
      case BodyPiece::Status::kMalformed:
        co_return denied(Reason::kBadRequestSyntax, "validate", "the body's framing is malformed");
    }
    if (body_.size() + piece.data.size() > bytes_max) {
      Denial large = denied(Reason::kBodyTooLarge, "validate",
                            "the body exceeds " + std::to_string(bytes_max) + " bytes");
      large.where = exchange.head_decision->body->where.text;
      co_return large;
    }
    body_.append(piece.data);
    count_gathered();
    if (worker_.loop().now_ms() >= ends_ms_)
      co_return denied(Reason::kExchangeTimeout, "validate", "the body took too long");
  }
}

void Driver::count_gathered() {
  const auto bytes = static_cast<std::int64_t>(body_.capacity());
  if (bytes == body_counted_) return;
  worker_.add_in_flight(bytes - body_counted_);
  body_counted_ = bytes;
}

net::Task<void> Driver::forward(Exchange& exchange) {
  const std::int64_t begun_us = worker_.loop().now().steady_us;
  for (;;) {
    Lease connection = co_await send_request(exchange);
    if (!connection) break;
    auto denial = co_await read_response_head(exchange, *connection);
    if (!denial) {
      co_await pass_response(exchange, std::move(connection));
      break;
    }
    if (upload_) {
      connection->stream().abort();
      co_await upload_->ended();
    }
    if (denial->reason == Reason::kUpstreamClosed && may_retry(exchange, *connection)) {
      retried_ = true;
      continue;
    }
    co_await refuse(exchange, std::move(*denial));
    break;
  }
  if (upload_) outcome_.request_body_bytes = upload_->bytes();
  upload_.reset();
  outcome_.upstream_us = worker_.loop().now().steady_us - begun_us;
}

// RFC 9110 section 9.2.2: only where doing it twice is doing it once, and only on a connection that had been
// in use before.
bool Driver::may_retry(const Exchange& exchange, const upstream::Connection& connection) const {
  if (retried_ || upload_ || !connection.reused() || !connection.buffer().empty()) return false;
  switch (exchange.head->method) {
    case http::Method::kGet:
    case http::Method::kHead:
    case http::Method::kPut:
    case http::Method::kDelete:
    case http::Method::kOptions:
      return true;
    default:
      return false;
  }
}

net::Task<Driver::Lease> Driver::obtain(Exchange& exchange, bool fresh) {
  ++outcome_.upstream_attempts;
  if (!fresh) {
    if (Lease idle = worker_.upstream().take_idle()) co_return idle;
  }
  auto connected = co_await worker_.upstream().connect(ends_ms_);
  if (connected) co_return std::move(*connected);
  const bool timed_out = connected.error().error == upstream::ConnectError::kTimedOut;
  co_await refuse(exchange, denied(timed_out ? Reason::kUpstreamTimeout : Reason::kUpstreamUnreachable,
                                   "upstream", connected.error().detail));
  co_return nullptr;
}

// A connection on which the request's head (and body, unless it streams) has been sent; null after a refusal.
net::Task<Driver::Lease> Driver::send_request(Exchange& exchange) {
  const TimeLimits& time = exchange.plan->limits.time;
  const bool streams = exchange.head_decision->body != nullptr && !exchange.head_decision->buffer_body;
  if (!append_request_head(exchange)) {
    co_await refuse(exchange,
                    denied(Reason::kInternalError, "scrub", "a request header cannot be sent safely"));
    co_return nullptr;
  }
  for (;;) {
    Lease connection = co_await obtain(exchange, retried_);
    if (!connection) co_return nullptr;
    connection->decoder().begin(exchange.head->method);
    const auto sent = co_await connection->stream().write(out_, buffered_, deadline(time.write_progress_ms));
    if (!sent.ok()) {
      // Not one byte left: the connection was dead already, whatever the method.
      if (connection->reused() && sent.bytes == 0 && !retried_) {
        retried_ = true;
        continue;
      }
      if (may_retry(exchange, *connection)) {
        retried_ = true;
        continue;
      }
      const bool slow = sent.status == net::IoStatus::kTimedOut;
      co_await refuse(exchange, denied(slow ? Reason::kUpstreamTimeout : Reason::kUpstreamClosed, "upstream",
                                       "while the request was sent"));
      co_return nullptr;
    }
    if (streams) {
      if (!co_await client_.invite_body()) co_return connection;
      const bool chunked = exchange.head->body.kind == http::BodyKind::kChunked;
      upload_ = std::make_unique<Upload>(client_, connection->stream(), chunked,
                                         exchange.head_decision->body_bytes_max, time.write_progress_ms);
      upload_->start();
    }
    co_return connection;
  }
}

bool Driver::append_request_head(const Exchange& exchange) {
  out_.clear();
  if (!stages::append_upstream_head(out_, exchange)) return false;
  const stages::HeadDecision& decision = *exchange.head_decision;
  const http::BodyLength& length = exchange.head->body;
  if (decision.body != nullptr && !decision.buffer_body) {
    if (length.kind == http::BodyKind::kChunked) {
      out_ += "Transfer-Encoding: chunked\r\n";
    } else {
      http::append_content_length(out_, length.bytes);
    }
  } else if (decision.body != nullptr) {
    http::append_content_length(out_, buffered_.size());
  }
  out_ += "\r\n";
  return true;
}

net::Task<std::optional<Denial>> Driver::read_response_head(Exchange& exchange,
                                                            upstream::Connection& connection) {
  const TimeLimits& time = exchange.plan->limits.time;
  Buffer& buffer = connection.buffer();
  std::int64_t until = deadline(time.upstream_first_byte_ms);
  for (;;) {
    buffer.reserve(BlockPool::kBlockBytes / 2);
    const auto read = co_await connection.stream().read(buffer.tail(), buffer.tail_room(), until);
    if (!read.ok()) {
      if (upload_ && upload_->state() > Upload::State::kDone) co_return upload_denial(upload_->state());
      const bool slow = read.status == net::IoStatus::kTimedOut;
      co_return denied(slow ? Reason::kUpstreamTimeout : Reason::kUpstreamClosed, "upstream",
                       slow ? "no answer in time" : "closed before its answer was complete");
    }
    buffer.commit(read.bytes);
    for (;;) {
      const auto status = connection.decoder().feed(buffer.view());
      if (!status)
        co_return denied(Reason::kUpstreamMalformed, "upstream", std::string(http::name(status.error())));
      if (*status == http::HeadStatus::kNeedMore) break;
      if (connection.decoder().head().status >= 200) co_return std::nullopt;
      if (connection.decoder().head().status == 101)
        co_return denied(Reason::kUpstreamMalformed, "upstream", "switched protocols unasked");
      // An interim answer (RFC 9110 section 15.2) is ours to read, not the client's.
      buffer.consume(connection.decoder().head_bytes());
      connection.decoder().begin(exchange.head->method);
      if (buffer.empty()) break;
    }
  }
}

net::Task<void> Driver::pass_response(Exchange& exchange, Lease connection) {
  const http::ResponseHead& head = connection->decoder().head();
  outcome_.upstream_status = head.status;
  auto verdict = stages::judge_response(worker_.state(), exchange, head);
  const bool chunked =
      head.body.kind == http::BodyKind::kChunked || head.body.kind == http::BodyKind::kUntilClose;
  if (!verdict || !append_response_head(exchange, head, chunked)) {
    connection->stream().abort();
    if (upload_) co_await upload_->ended();
    auto denial = !verdict && verdict.denial() != nullptr ? std::move(*verdict.denial())
                                                          : denied(Reason::kResponseHeaderInvalid, "scrub",
                                                                   "a response header cannot be sent safely");
    co_await refuse(exchange, std::move(denial));
    co_return;
  }
  outcome_.status = head.status;
  const bool reusable = head.keep_alive && head.body.kind != http::BodyKind::kUntilClose;
  http::BodyDecoder decoder(head.body, exchange.plan->limits.http);
  connection->buffer().consume(connection->decoder().head_bytes());
  const bool whole = co_await pass_body(*connection, decoder, chunked && exchange.head->minor_version == 1);
  if (upload_ && upload_->state() == Upload::State::kRunning) connection->stream().abort();
  if (upload_) co_await upload_->ended();
  if (!whole) {
    outcome_.aborted = true;
    keep_alive_ = false;
    connection->stream().abort();
    client_.abort();
    co_return;
  }
  const bool uploaded = !upload_ || upload_->state() == Upload::State::kDone;
  if (!uploaded || !client_.body_complete()) keep_alive_ = false;
  if (reusable && uploaded) worker_.upstream().give_back(std::move(connection));
}

bool Driver::append_response_head(const Exchange& exchange, const http::ResponseHead& head, bool chunked) {
  out_.clear();
  if (!stages::append_response_head(out_, exchange, head)) return false;
  if (chunked && exchange.head->minor_version == 0) keep_alive_ = false;  // ended by closing
  if (!client_.body_complete() && !upload_) keep_alive_ = false;
  if (exchange.head->method == http::Method::kHead) {
    if (head.body.bytes > 0) http::append_content_length(out_, head.body.bytes);
  } else if (chunked) {
    if (exchange.head->minor_version == 1) out_ += "Transfer-Encoding: chunked\r\n";
  } else if (head.status != 204 && head.status != 304) {
    http::append_content_length(out_, head.body.bytes);
  }
  if (!keep_alive_) {
    out_ += "Connection: close\r\n";
  } else if (exchange.head->minor_version == 0) {
    out_ += "Connection: keep-alive\r\n";
  }
  out_ += "\r\n";
  return true;
}

// Passes the body on as it comes, behind the head that stands in out_. False: one side broke.
net::Task<bool> Driver::pass_body(upstream::Connection& connection, http::BodyDecoder& decoder,
                                  bool chunked) {
  const TimeLimits& time = worker_.shared().plan->limits.time;
  Buffer& buffer = connection.buffer();
  for (;;) {
    auto piece = decoder.feed(buffer.view());
    if (!piece) co_return false;
    if (!piece->data.empty()) {
      outcome_.response_body_bytes += piece->data.size();
      if (chunked) append_chunk(out_, piece->data);
      const bool sent = co_await client_.send(out_, chunked ? std::string_view() : piece->data);
      if (!sent) co_return false;
      out_.clear();
    }
    buffer.consume(piece->consumed);
    if (decoder.complete()) {
      if (chunked) http::append_last_chunk(out_);
      if (out_.empty()) co_return true;
      co_return co_await client_.send(out_, {});
    }
    if (piece->consumed > 0) continue;
    // What is ready leaves before we wait: an event stream must not be held back.
    if (!out_.empty()) {
      if (!co_await client_.send(out_, {})) co_return false;
      out_.clear();
    }
    buffer.reserve(BlockPool::kBlockBytes / 2);
    const auto read = co_await connection.stream().read(buffer.tail(), buffer.tail_room(),
                                                        deadline(time.upstream_first_byte_ms));
    if (read.status == net::IoStatus::kClosed && decoder.finish_on_close()) continue;
    if (!read.ok()) co_return false;
    buffer.commit(read.bytes);
  }
}

// An answer of our own: a body that is here already is dropped, any other ends the connection.
void Driver::end_request() {
  if (!client_.body_complete() && !client_.whole_body()) keep_alive_ = false;
}

net::Task<void> Driver::refuse(Exchange& exchange, Denial denial) {
  end_request();
  denial_ = std::move(denial);
  const std::uint16_t status = entry(denial_->reason).status;
  if (denial_->reason == Reason::kClientClosed || status == 0) {
    keep_alive_ = false;
    outcome_.aborted = true;
    client_.abort();
    co_return;
  }
  out_.clear();
  stages::append_refusal(out_, exchange, *denial_, keep_alive_);
  outcome_.status = status;
  if (!co_await client_.send(out_, {})) {
    keep_alive_ = false;
    outcome_.aborted = true;
  }
}

net::Task<void> Driver::answer(Exchange& exchange, const stages::LocalResponse& response) {
  end_request();
  out_.clear();
  stages::append_local(out_, exchange, response, keep_alive_);
  outcome_.status = response.status;
  if (!co_await client_.send(out_, {})) {
    keep_alive_ = false;
    outcome_.aborted = true;
  }
}

void Driver::finish(Exchange& exchange) {
  outcome_.denial = denial_ ? &*denial_ : nullptr;
  outcome_.duration_us = worker_.loop().now().steady_us - started_us_;
  worker_.record(stages::make_record(exchange, outcome_, worker_.shared().digest_key));
  constexpr std::size_t kKeptBytes = std::size_t{64} * 1024;
  if (body_.capacity() > kKeptBytes) body_ = {};
  body_.clear();
  count_gathered();
}

}  // namespace caponier::gateway
