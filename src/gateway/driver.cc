#include "gateway/driver.h"

#include <algorithm>
#include <utility>

#include "base/canary.h"
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
    case Upload::State::kUpstreamTooSlow:
      return denied(Reason::kUpstreamTimeout, "upstream", "the body was not taken in time");
    default:
      return denied(Reason::kUpstreamClosed, "upstream", "closed while the body was sent");
  }
}

}  // namespace

Driver::~Driver() {
  worker_.add_in_flight(-body_counted_);
}

void Driver::abort() {
  broken_off_ = true;
  ends_ms_ = worker_.loop().now_ms();
  if (connection_) connection_->stream().abort();
}

void Driver::client_gone() {
  client_gone_ = true;
  ends_ms_ = worker_.loop().now_ms();
  if (connection_) connection_->stream().abort();
}

std::int64_t Driver::deadline(std::int64_t within_ms) const {
  return std::min(ends_ms_, worker_.loop().now_ms() + within_ms);
}

net::Task<bool> Driver::run(Exchange& exchange, Service& service, bool may_stay) {
  service_ = &service;
  started_us_ = exchange.now.steady_us;
  ends_ms_ = exchange.now.steady_ms() + exchange.plan->limits.time.exchange_ms;
  keep_alive_ =
      may_stay && exchange.head->keep_alive && !worker_.shared().draining.load(std::memory_order_relaxed);
  denial_.reset();
  outcome_ = {};
  lasts_ = false;
  answering_ = false;
  broken_off_ = false;
  client_gone_ = false;
  copy_max_ = 0;
  if (worker_.overloaded()) {
    Denial busy = denied(Reason::kOverloaded, "admit", "memory in flight is at its bound");
    busy.retry_after_s = 1;
    co_await refuse(exchange, std::move(busy));
  } else {
    buffered_ = {};
    auto verdict = stages::judge_head(service_->state, exchange);
    // Most requests are decided here and now.
    bool allowed = verdict && !verdict->buffer_body;
    if (!allowed) allowed = co_await judge(exchange, std::move(verdict));
    if (allowed) co_await forward(exchange);
  }
  finish(exchange);
  co_return keep_alive_;
}

// Goes on with what judge_head said. True if the request may go upstream; otherwise it has been answered.
net::Task<bool> Driver::judge(Exchange& exchange, stages::Verdict<stages::HeadDecision> verdict) {
  const Limits& limits = exchange.plan->limits;
  for (; !verdict; verdict = stages::judge_head(service_->state, exchange)) {
    if (const stages::NeedKeys* need = verdict.need()) {
      if (++exchange.needs > limits.needs_per_exchange_max) {
        co_await refuse(exchange, denied(Reason::kNoVerdict, "authenticate", "too many needs"));
        co_return false;
      }
      co_await service_->generation->key_service->wait_for(worker_.loop(), need->issuer,
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
  if (!decision.buffer_body) co_return true;
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
  auto judged = stages::judge_body(service_->state, exchange, buffered_);
  count_made(exchange);
  if (judged) {
    buffered_ = judged->bytes;
    co_return true;
  }
  Denial denial;  // of its own: g++ 12 destroys a conditional temporary of a co_await expression twice
  if (judged.denial() != nullptr) denial = std::move(*judged.denial());
  co_await refuse(exchange, std::move(denial));
  co_return false;
}

net::Task<Driver::Failed> Driver::gather_body(Exchange& exchange, std::uint64_t bytes_max) {
  // A length that was merely announced buys no more than this.
  constexpr std::uint64_t kReservedBytes = 64 * 1024;
  body_.clear();
  if (exchange.head->body.kind == http::BodyKind::kLength)
    body_.reserve(std::min({bytes_max, exchange.head->body.bytes, kReservedBytes}));
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

// What the stages made of a body is in flight as well: decoded, or stripped.
void Driver::count_made(const Exchange& exchange) {
  made_bytes_ = exchange.decoded_body.capacity() + exchange.stripped_body.capacity();
  count_gathered();
}

void Driver::count_gathered() {
  const auto bytes = static_cast<std::int64_t>(body_.capacity() + response_body_.capacity() + made_bytes_);
  if (bytes == body_counted_) return;
  worker_.add_in_flight(bytes - body_counted_);
  body_counted_ = bytes;
}

net::Task<Driver::Failed> Driver::start_upload(Exchange& exchange) {
  if (!co_await client_.invite_body()) {
    connection_->stream().abort();
    co_return denied(Reason::kClientClosed, "upstream", "closed before its body");
  }
  const bool chunked = exchange.head->body.kind == http::BodyKind::kChunked;
  upload_ = std::make_unique<Upload>(client_, connection_->stream(), chunked,
                                     exchange.head_decision->body_bytes_max,
                                     exchange.plan->limits.time.write_progress_ms);
  upload_->start();
  co_return std::nullopt;
}

bool Driver::uploading() const {
  return upload_ && upload_->state() == Upload::State::kRunning;
}

// What of the body is still on its way has no purpose any more.
net::Task<void> Driver::end_upload() {
  connection_->stream().abort();
  client_.stop_body();
  co_await upload_->ended();
}

bool Driver::append_request_head(const Exchange& exchange) {
  out_.clear();
  if (!stages::append_upstream_head(out_, exchange)) return false;
  const stages::HeadDecision& decision = *exchange.head_decision;
  const http::BodyLength& length = exchange.head->body;
  // What the client sends behind a handshake was not meant as a request, whatever the answer.
  if (decision.websocket) keep_alive_ = false;
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

// Why nothing more came from the upstream, or went there.
Denial Driver::read_failure(net::IoStatus status, std::string_view closed) const {
  if (client_gone_) return denied(Reason::kClientClosed, "upstream", "the client gave the request up");
  if (upload_ && upload_->state() > Upload::State::kDone) return upload_denial(upload_->state());
  if (broken_off_) return denied(Reason::kDraining, "upstream", "broken off, because the gateway stops");
  if (status != net::IoStatus::kTimedOut) return denied(Reason::kUpstreamClosed, "upstream", closed);
  if (lasts_) return stream_end(worker_.loop().now_ms() < ends_ms_);
  if (worker_.loop().now_ms() >= ends_ms_)
    return denied(Reason::kExchangeTimeout, "upstream", "the exchange's total time is over");
  return denied(Reason::kUpstreamTimeout, "upstream", "no progress in time");
}

// The upstream's time for its answer begins with the last byte that it was given. Moves `until` if it has not
// run out.
bool Driver::still_has_time(net::IoStatus status, std::int64_t& until) const {
  if (status != net::IoStatus::kTimedOut || !upload_ || upload_->state() > Upload::State::kDone) return false;
  const std::int64_t now_ms = worker_.loop().now_ms();
  const bool running = upload_->state() == Upload::State::kRunning;
  const std::int64_t from_ms = running ? now_ms : upload_->progress_ms();
  until = std::min(ends_ms_, from_ms + first_byte_ms_);
  return until > now_ms;
}

net::Task<Driver::Failed> Driver::read_response_head(Exchange& exchange) {
  Buffer& buffer = connection_->buffer();
  std::int64_t until = deadline(first_byte_ms_);
  for (;;) {
    buffer.reserve(BlockPool::kBlockBytes / 2);
    const auto read = co_await connection_->stream().read(buffer.tail(), buffer.tail_room(), until);
    if (!read.ok()) {
      if (still_has_time(read.status, until)) continue;
      co_return read_failure(read.status, "closed before its answer was complete");
    }
    buffer.commit(read.bytes);
    bool complete = false;
    Failed failed = decode_response_head(exchange, complete);
    if (failed || complete) co_return failed;
  }
}

Driver::Failed Driver::decode_response_head(const Exchange& exchange, bool& complete) {
  Buffer& buffer = connection_->buffer();
  http::ResponseDecoder& decoder = connection_->decoder();
  while (!buffer.empty()) {
    const auto status = decoder.feed(buffer.view());
    if (!status)
      return denied(Reason::kUpstreamMalformed, "upstream", std::string(http::name(status.error())));
    if (*status == http::HeadStatus::kNeedMore) break;
    // A 101 that nobody asked for is refused by the decoder.
    if (decoder.head().status >= 200 || decoder.head().status == 101) {
      complete = true;
      break;
    }
    // An interim answer (RFC 9110 section 15.2) is ours to read, not the client's.
    if (++interim_answers_ > exchange.plan->limits.http.interim_answers_max)
      return denied(Reason::kUpstreamMalformed, "upstream", "too many interim answers");
    buffer.consume(decoder.head_bytes());
    begin_decoder(exchange);
  }
  return std::nullopt;
}

void Driver::begin_decoder(const Exchange& exchange) {
  connection_->decoder().begin(exchange.head->method, exchange.head_decision->websocket);
}

net::Task<void> Driver::pass_response(Exchange& exchange) {
  const http::ResponseHead& head = connection_->decoder().head();
  outcome_.upstream_status = head.status;
  auto verdict = stages::judge_response(service_->state, exchange, head);
  const bool open =
      head.body.kind == http::BodyKind::kChunked || head.body.kind == http::BodyKind::kUntilClose;
  const bool switches = head.status == 101;
  const bool holds = verdict && (verdict->holds() || switches);
  if (!verdict || !append_response_head(exchange, head, open, holds)) {
    connection_->stream().abort();
    if (uploading()) co_await end_upload();
    auto denial = !verdict && verdict.denial() != nullptr ? std::move(*verdict.denial())
                                                          : denied(Reason::kResponseHeaderInvalid, "scrub",
                                                                   "a response header cannot be sent safely");
    co_await refuse(exchange, std::move(denial));
    co_return;
  }
  if (switches) {
    co_await pass_tunnel(exchange);
    co_return;
  }
  if (holds) {
    co_await pass_held(exchange, *verdict);
    co_return;
  }
  const stages::ResponseDecision decision = *verdict;
  if (decision.copies()) copy_max_ = decision.bytes_max;
  // The head's views end with its bytes.
  const std::uint16_t status = head.status;
  const bool reusable = head.keep_alive && head.body.kind != http::BodyKind::kUntilClose;
  http::BodyDecoder decoder(head.body, exchange.plan->limits.http);
  connection_->buffer().consume(connection_->decoder().head_bytes());
  if (decision.long_lived) begin_stream(exchange);
  Failed failed = co_await pass_body(exchange, decoder, open, decision.declared);
  if (uploading()) co_await end_upload();
  if (failed) {
    connection_->stream().abort();
    if (!answering_) {
      outcome_.response_body_bytes = 0;
      co_await refuse(exchange, std::move(*failed));
      co_return;
    }
    denial_ = std::move(failed);
    outcome_.status = status;
    outcome_.aborted = true;
    keep_alive_ = false;
    client_.abort();
    co_return;
  }
  if (decision.copies())
    (void)stages::judge_response_body(service_->state, exchange, decision, response_body_);
  end_response(status, reusable);
}

void Driver::end_response(std::uint16_t status, bool reusable) {
  outcome_.status = status;
  const bool uploaded = !upload_ || upload_->state() == Upload::State::kDone;
  if (!uploaded || !client_.body_complete()) keep_alive_ = false;
  if (reusable && uploaded) visit_.endpoint()->pool.give_back(std::move(connection_));
}

// Judges the body as a whole before a byte of the answer leaves. The head stands in out_, but for its
// framing.
net::Task<void> Driver::pass_held(Exchange& exchange, stages::ResponseDecision decision) {
  const http::ResponseHead& head = connection_->decoder().head();
  const std::uint16_t status = head.status;
  const bool reusable = head.keep_alive && head.body.kind != http::BodyKind::kUntilClose;
  http::BodyDecoder decoder(head.body, exchange.plan->limits.http);
  connection_->buffer().consume(connection_->decoder().head_bytes());
  std::size_t rest = 0;
  Failed failed = co_await gather_response(decoder, decision, rest);
  std::string_view body;
  if (!failed) {
    auto judged = stages::judge_response_body(service_->state, exchange, decision, held_);
    count_made(exchange);
    if (judged) {
      body = judged->bytes;
    } else {
      failed = judged.denial() != nullptr ? std::move(*judged.denial()) : Denial{};
    }
  }
  if (uploading()) co_await end_upload();
  if (failed) {
    connection_->stream().abort();
    co_await refuse(exchange, std::move(*failed));
    co_return;
  }
  outcome_.response_body_bytes = body.size();
  append_length(exchange, status, false, body.size());
  answering_ = true;
  AnswerPiece whole;
  whole.head = whole.last = true;
  whole.keep_alive = keep_alive_;
  whole.data = body;
  const auto sent = co_await client_.send(out_, whole);
  if (!sent.ok()) {
    connection_->stream().abort();
    denial_ = denied(Reason::kClientClosed, "upstream", "closed before its answer was complete");
    outcome_.status = status;
    outcome_.aborted = true;
    keep_alive_ = false;
    client_.abort();
    co_return;
  }
  connection_->buffer().consume(rest);
  end_response(status, reusable);
}

// Reads the whole body. held_ views it: where it came at once in the upstream's buffer, of which `rest` bytes
// are to be consumed.
net::Task<Driver::Failed> Driver::gather_response(http::BodyDecoder& decoder,
                                                  const stages::ResponseDecision& decision,
                                                  std::size_t& rest) {
  Buffer& buffer = connection_->buffer();
  for (;;) {
    auto piece = decoder.feed(buffer.view());
    if (!piece) co_return denied(Reason::kUpstreamMalformed, "upstream", http::name(piece.error()));
    if (response_body_.size() + piece->data.size() > decision.bytes_max) {
      Denial large = denied(Reason::kResponseBodyTooLarge, "check",
                            "the body exceeds " + std::to_string(decision.bytes_max) + " bytes");
      large.where = decision.body->where.text;
      co_return large;
    }
    if (decoder.complete() && response_body_.empty()) {
      held_ = piece->data;
      rest = piece->consumed;
      co_return std::nullopt;
    }
    response_body_.append(piece->data);
    count_gathered();
    buffer.consume(piece->consumed);
    held_ = response_body_;
    if (decoder.complete()) co_return std::nullopt;
    if (piece->consumed > 0) continue;
    if (Failed failed = co_await read_more(decoder)) co_return failed;
  }
}

// More of the upstream's body, or its end.
net::Task<Driver::Failed> Driver::read_more(http::BodyDecoder& decoder) {
  Buffer& buffer = connection_->buffer();
  buffer.reserve(BlockPool::kBlockBytes / 2);
  std::int64_t until = deadline(lasts_ ? service_->plan().limits.time.stream_idle_ms : first_byte_ms_);
  const auto read = co_await connection_->stream().read(buffer.tail(), buffer.tail_room(), until);
  if (read.status == net::IoStatus::kClosed && decoder.finish_on_close()) co_return std::nullopt;
  if (!read.ok() && !still_has_time(read.status, until))
    co_return read_failure(read.status, "closed within its answer");
  if (read.ok()) buffer.commit(read.bytes);
  co_return std::nullopt;
}

// `held`: the framing is not known before the body is.
bool Driver::append_response_head(const Exchange& exchange, const http::ResponseHead& head, bool open,
                                  bool held) {
  out_.clear();
  if (!stages::append_response_head(out_, exchange, head)) return false;
  if (!held) append_length(exchange, head.status, open, head.body.bytes);
  return true;
}

void Driver::append_length(const Exchange& exchange, std::uint16_t status, bool open, std::uint64_t bytes) {
  if (open && exchange.head->minor_version == 0) keep_alive_ = false;  // ended by closing
  // A client that is still sending is not asked for the rest if the answer says that it was in vain.
  const bool sending = uploading() && status < 400;
  if (!client_.body_complete() && !sending) keep_alive_ = false;
  if (exchange.head->method == http::Method::kHead) {
    if (bytes > 0) http::append_content_length(out_, bytes);
  } else if (!open && status != 204 && status != 304) {
    http::append_content_length(out_, bytes);
  }
}

// Passes the body on as it comes, behind the head that stands in out_.
net::Task<Driver::Failed> Driver::pass_body(const Exchange& exchange, http::BodyDecoder& decoder, bool open,
                                            const plan::Response* declared) {
  Buffer& buffer = connection_->buffer();
  std::string trailers;
  AnswerPiece out;
  out.head = true;
  out.open = open;
  out.keep_alive = keep_alive_;
  bool waiting = true;  // something is to leave before we wait: an event stream must not be held back
  for (;;) {
    auto piece = decoder.feed(buffer.view());
    if (!piece) co_return denied(Reason::kUpstreamMalformed, "upstream", http::name(piece.error()));
    copy_for_report(piece->data);
    outcome_.response_body_bytes += piece->data.size();
    out.data = piece->data;
    out.last = decoder.complete();
    out.more = open && !out.last && piece->consumed > 0;
    if (open && out.last) stages::append_trailers(trailers, exchange, declared, decoder.trailers());
    out.trailers = trailers;
    if (!out.data.empty() || out.last || (waiting && piece->consumed == 0)) {
      answering_ |= !out.more;
      const auto sent = co_await client_.send(out_, out);
      if (!sent.ok())
        co_return denied(Reason::kClientClosed, "upstream", "closed before its answer was complete");
      out.head = false;
      waiting = out.more;
    }
    buffer.consume(piece->consumed);
    if (decoder.complete()) co_return std::nullopt;
    if (piece->consumed > 0) continue;
    if (Failed failed = co_await read_more(decoder)) co_return failed;
  }
}

// One byte past the bound tells that it was passed.
void Driver::copy_for_report(std::string_view data) {
  if (copy_max_ == 0 || response_body_.size() > copy_max_) return;
  response_body_.append(data.substr(0, copy_max_ + 1 - response_body_.size()));
  count_gathered();
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
  const std::string body = stages::append_refusal(out_, exchange, *denial_);
  outcome_.status = status;
  co_await send_own(body);
}

// An answer of our own, whose head stands in out_.
net::Task<void> Driver::send_own(std::string_view body) {
  AnswerPiece whole;
  whole.head = whole.last = true;
  whole.keep_alive = keep_alive_;
  whole.data = body;
  const auto sent = co_await client_.send(out_, whole);
  if (sent.ok()) co_return;
  keep_alive_ = false;
  outcome_.aborted = true;
}

net::Task<void> Driver::answer(Exchange& exchange, const stages::LocalResponse& response) {
  end_request();
  out_.clear();
  const std::string_view body = stages::append_local(out_, exchange, response);
  outcome_.status = response.status;
  co_await send_own(body);
}

void Driver::finish(Exchange& exchange) {
  outcome_.denial = denial_ ? &*denial_ : nullptr;
  outcome_.duration_us = worker_.loop().now().steady_us - started_us_;
  if (!canary("record-lost") || !outcome_.aborted)
    worker_.record(stages::make_record(exchange, outcome_, worker_.shared().digest_key));
  worker_.count(*service_, exchange, outcome_);
  constexpr std::size_t kKeptBytes = std::size_t{64} * 1024;
  for (std::string* body : {&body_, &response_body_}) {
    if (body->capacity() > kKeptBytes) *body = {};
    body->clear();
  }
  made_bytes_ = 0;
  count_gathered();
}

}  // namespace caponier::gateway
