#include "gateway/driver.h"

#include <algorithm>
#include <utility>

#include "base/canary.h"
#include "base/release.h"
#include "gateway/worker.h"
#include "http/h1_encoder.h"
#include "stages/pipeline.h"
#include "stages/scrub/assertion.h"
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

Denial overloaded(std::string_view detail) {
  Denial busy = denied(Reason::kOverloaded, "admit", detail);
  busy.retry_after_s = 1;
  return busy;
}

constexpr std::string_view kAllFull = "memory in flight is at its bound";
constexpr std::string_view kConnectionFull =
    "the memory in flight of the client's connection is at its bound";

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
  end_stream();
  memory_.add(-body_counted_);
}

void Driver::abort() {
  broken_off_ = true;
  ends_ms_ = worker_.loop().now_ms();
  if (connection_) connection_->abort();
}

void Driver::client_gone() {
  client_gone_ = true;
  ends_ms_ = worker_.loop().now_ms();
  if (connection_) connection_->abort();
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
  revoked_.reset();
  answering_ = false;
  broken_off_ = false;
  client_gone_ = false;
  copy_max_ = 0;
  if (Failed busy = no_room()) {
    co_await refuse(exchange, std::move(*busy));
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

// Gets what a stage asked for, or lets its time pass. What it gives is a refusal.
net::Task<Driver::Failed> Driver::satisfy(Exchange& exchange, stages::Need need) {
  const std::int64_t until_ms = deadline(exchange.plan->limits.time.need_ms);
  if (const auto* keys = std::get_if<stages::NeedKeys>(&need)) {
    auto waiting = service_->generation->key_sources[keys->issuer]->wait_for(worker_.loop(), until_ms);
    co_await waiting;
  } else if (const auto* introspection = std::get_if<stages::NeedIntrospection>(&need)) {
    fetch::Introspector& introspector = *service_->generation->introspectors[introspection->issuer];
    auto asking = introspector.ask(worker_.loop(), introspection->token, until_ms);
    auto answer = co_await asking;
    exchange.introspection = std::move(answer);
  } else if (const auto* session = std::get_if<stages::NeedSession>(&need)) {
    co_await renew(exchange, *session);
  } else if (const auto* login = std::get_if<stages::NeedLogin>(&need)) {
    co_return co_await log_in(exchange, *login);
  }
  if (const auto* password = std::get_if<stages::NeedPassword>(&need)) {
    auto asking = worker_.shared().passwords.verify(worker_.loop(), *password, until_ms);
    exchange.password_check = co_await asking;
  }
  co_return std::nullopt;
}

// Goes on with what judge_head said. True if the request may go upstream; otherwise it has been answered.
net::Task<bool> Driver::judge(Exchange& exchange, stages::Verdict<stages::HeadDecision> verdict) {
  const Limits& limits = exchange.plan->limits;
  for (; !verdict; verdict = stages::judge_head(service_->state, exchange)) {
    if (const stages::Need* need = verdict.need()) {
      if (++exchange.needs > limits.needs_per_exchange_max) {
        co_await refuse(exchange, denied(Reason::kNoVerdict, "authenticate", "too many needs"));
        co_return false;
      }
      auto failed = co_await satisfy(exchange, *need);
      if (!failed) continue;
      co_await refuse(exchange, std::move(*failed));
      co_return false;
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
  const bool too_much = memory_.over(bytes_max());
  if (judged && !too_much) {
    buffered_ = judged->bytes;
    co_return true;
  }
  Denial denial;  // of its own: g++ 12 destroys a conditional temporary of a co_await expression twice
  if (too_much) denial = overloaded(kConnectionFull);
  if (judged.denial() != nullptr) denial = std::move(*judged.denial());
  co_await refuse(exchange, std::move(denial));
  co_return false;
}

net::Task<Driver::Failed> Driver::gather_body(Exchange& exchange, std::uint64_t bytes_max) {
  // A length that was merely announced buys no more than this.
  constexpr std::uint64_t kReservedBytes = 64 * 1024;
  std::uint64_t most = bytes_max;
  body_.clear();
  if (exchange.head->body.kind == http::BodyKind::kLength) {
    most = std::min(bytes_max, exchange.head->body.bytes);
    if (Failed full = make_room(body_, std::min(most, kReservedBytes), most)) co_return full;
  }
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
      if (exchange.head_decision) large.where = exchange.head_decision->body->where.text;
      co_return large;
    }
    if (Failed full = make_room(body_, piece.data.size(), most)) co_return full;
    body_.append(piece.data);
    if (worker_.loop().now_ms() >= ends_ms_)
      co_return denied(Reason::kExchangeTimeout, "validate", "the body took too long");
  }
}

// What the stages made of a body is in flight as well: decoded, or stripped.
void Driver::count_made(const Exchange& exchange) {
  made_bytes_ = heap_bytes(exchange.decoded_body) + heap_bytes(exchange.stripped_body);
  count_gathered();
}

void Driver::count_gathered() {
  const std::int64_t bytes = heap_bytes(body_) + heap_bytes(response_body_) + made_bytes_;
  if (bytes != body_counted_) memory_.add(bytes - std::exchange(body_counted_, bytes));
}

std::uint64_t Driver::bytes_max() const {
  return service_->plan().limits.memory.connection_bytes_max;
}

Driver::Failed Driver::no_room() const {
  if (worker_.overloaded()) return overloaded(kAllFull);
  if (memory_.left(bytes_max()) == 0) return overloaded(kConnectionFull);
  return std::nullopt;
}

Driver::Failed Driver::make_room(std::string& body, std::uint64_t more, std::uint64_t most) {
  const std::uint64_t had = static_cast<std::uint64_t>(heap_bytes(body));
  const std::uint64_t wanted = body.size() + more;
  if (wanted <= body.capacity()) return std::nullopt;
  // Who was let in may not grow without an end either.
  if (worker_.overloaded()) return overloaded(kAllFull);
  const std::uint64_t possible = had + memory_.left(bytes_max());
  if (wanted > possible) return overloaded(kConnectionFull);
  constexpr std::uint64_t kLeastBytes = 4096;
  // By itself a string grows beyond what it may have.
  std::string larger;
  larger.reserve(std::min(possible, std::max(wanted, std::min(most, std::max(2 * had, kLeastBytes)))));
  larger.append(body);
  body = std::move(larger);
  count_gathered();
  return std::nullopt;
}

net::Task<Driver::Failed> Driver::start_upload(Exchange& exchange) {
  // Bound first: g++ 12 does not come back from it otherwise.
  auto inviting = client_.invite_body();
  const bool invited = co_await inviting;
  if (!invited) {
    connection_->abort();
    co_return denied(Reason::kClientClosed, "upstream", "closed before its body");
  }
  upload_ =
      std::make_unique<Upload>(client_, *connection_, worker_.loop(), exchange.head_decision->body_bytes_max,
                               exchange.plan->limits.time.write_progress_ms);
  upload_->start();
  co_return std::nullopt;
}

bool Driver::uploading() const {
  return upload_ && upload_->state() == Upload::State::kRunning;
}

// What of the body is still on its way has no purpose any more.
net::Task<void> Driver::end_upload() {
  connection_->abort();
  client_.stop_body();
  co_await upload_->ended();
}

bool Driver::append_request_head(Exchange& exchange) {
  out_.clear();
  if (!stages::vouch(service_->state, exchange, worker_.loop().now().wall_s()) ||
      !stages::append_upstream_head(out_, exchange)) {
    return false;
  }
  // What the client sends behind a handshake was not meant as a request, whatever the answer.
  if (exchange.head_decision->websocket) keep_alive_ = false;
  return true;
}

upstream::RequestBody Driver::request_body(const Exchange& exchange) const {
  const stages::HeadDecision& decision = *exchange.head_decision;
  upstream::RequestBody body;
  if (decision.body == nullptr) return body;
  body.open = !decision.buffer_body;
  body.data = buffered_;
  body.length = {http::BodyKind::kLength, buffered_.size()};
  if (body.open) body.length.bytes = exchange.head->body.bytes;
  if (body.open && exchange.head->body.kind == http::BodyKind::kChunked)
    body.length.kind = http::BodyKind::kChunked;
  return body;
}

// Why nothing more came from the upstream, or went there.
Denial Driver::read_failure(net::IoStatus status, std::string_view closed) const {
  if (client_gone_) return denied(Reason::kClientClosed, "upstream", "the client gave the request up");
  if (connection_->fault() == upstream::Fault::kMalformed)
    return denied(Reason::kUpstreamMalformed, "upstream", connection_->fault_detail());
  if (upload_ && upload_->state() > Upload::State::kDone) return upload_denial(upload_->state());
  if (broken_off_) return broken_off();
  if (status != net::IoStatus::kTimedOut) {
    const std::string_view how = connection_->fault_detail();
    return denied(Reason::kUpstreamClosed, "upstream", how.empty() ? closed : how);
  }
  if (lasts_) return stream_end(worker_.loop().now_ms() < ends_ms_);
  if (worker_.loop().now_ms() >= ends_ms_)
    return denied(Reason::kExchangeTimeout, "upstream", "the exchange's total time is over");
  return denied(Reason::kUpstreamTimeout, "upstream", "no progress in time");
}

std::int64_t Driver::pause_ms() const {
  return lasts_ ? service_->plan().limits.time.stream_idle_ms : first_byte_ms_;
}

// The upstream's time for its answer begins with the last byte that it was given. Moves `until` if it has not
// run out.
bool Driver::still_has_time(net::IoStatus status, std::int64_t& until) const {
  if (status != net::IoStatus::kTimedOut || !upload_ || upload_->state() > Upload::State::kDone) return false;
  const std::int64_t now_ms = worker_.loop().now_ms();
  // A call in which nobody says anything is over, though either side could go on.
  const bool waits = upload_->state() == Upload::State::kRunning && !lasts_;
  const std::int64_t from_ms = waits ? now_ms : upload_->progress_ms();
  until = std::min(ends_ms_, from_ms + pause_ms());
  return until > now_ms;
}

net::Task<Driver::Failed> Driver::read_response_head() {
  std::int64_t until = deadline(first_byte_ms_);
  for (;;) {
    const auto read = co_await connection_->receive(until);
    if (!read.ok()) {
      if (still_has_time(read.status, until)) continue;
      co_return read_failure(read.status, "closed before its answer was complete");
    }
    connection_->received(read.bytes);
    const auto status = connection_->read_head();
    if (!status) co_return denied(Reason::kUpstreamMalformed, "upstream", status.error());
    if (*status == http::HeadStatus::kComplete) co_return std::nullopt;
  }
}

net::Task<void> Driver::pass_response(Exchange& exchange) {
  const http::ResponseHead& head = connection_->head();
  outcome_.upstream_status = head.status;
  auto verdict = stages::judge_response(service_->state, exchange, head);
  const bool open =
      head.body.kind == http::BodyKind::kChunked || head.body.kind == http::BodyKind::kUntilClose;
  const bool switches = head.status == 101;
  const bool holds = verdict && (verdict->holds() || switches);
  if (!verdict || !append_response_head(exchange, head, open, holds)) {
    connection_->abort();
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
  connection_->begin_body();
  if (decision.long_lived) begin_stream(exchange);
  Failed failed = co_await pass_body(exchange, open, decision.declared);
  if (uploading()) co_await end_upload();
  if (failed) {
    connection_->abort();
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
  if (copy_max_ > 0) (void)stages::judge_response_body(service_->state, exchange, decision, response_body_);
  end_response(status);
}

void Driver::end_response(std::uint16_t status) {
  outcome_.status = status;
  const bool uploaded = !upload_ || upload_->state() == Upload::State::kDone;
  if (!uploaded || !client_.body_complete()) keep_alive_ = false;
  if (uploaded) upstream::Pool::give_back(std::move(connection_));
}

// Judges the body as a whole before a byte of the answer leaves. The head stands in out_, but for its
// framing.
net::Task<void> Driver::pass_held(Exchange& exchange, stages::ResponseDecision decision) {
  const http::ResponseHead& head = connection_->head();
  const std::uint16_t status = head.status;
  const std::uint64_t most = head.body.kind == http::BodyKind::kLength
                                 ? std::min(decision.bytes_max, head.body.bytes)
                                 : decision.bytes_max;
  connection_->begin_body();
  Failed failed = co_await gather_response(decision, most);
  std::string_view body;
  if (!failed) {
    auto judged = stages::judge_response_body(service_->state, exchange, decision, held_);
    count_made(exchange);
    if (memory_.over(bytes_max())) {
      failed = overloaded(kConnectionFull);
    } else if (judged) {
      body = judged->bytes;
    } else {
      failed = judged.denial() != nullptr ? std::move(*judged.denial()) : Denial{};
    }
  }
  if (uploading()) co_await end_upload();
  if (failed) {
    connection_->abort();
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
  whole.until_ms = ends_ms_;
  const auto sent = co_await client_.send(out_, whole);
  if (!sent.ok()) {
    connection_->abort();
    denial_ = denied(Reason::kClientClosed, "upstream", "closed before its answer was complete");
    outcome_.status = status;
    outcome_.aborted = true;
    keep_alive_ = false;
    client_.abort();
    co_return;
  }
  end_response(status);
}

// Reads the whole body. held_ views it: where the connection has it, if it came at once.
net::Task<Driver::Failed> Driver::gather_response(const stages::ResponseDecision& decision,
                                                  std::uint64_t most) {
  for (;;) {
    const auto piece = connection_->read_body();
    if (!piece) co_return denied(Reason::kUpstreamMalformed, "upstream", piece.error());
    if (response_body_.size() + piece->data.size() > decision.bytes_max) {
      Denial large = denied(Reason::kResponseBodyTooLarge, "check",
                            "the body exceeds " + std::to_string(decision.bytes_max) + " bytes");
      large.where = decision.body->where.text;
      co_return large;
    }
    if (connection_->complete() && response_body_.empty()) {
      held_ = piece->data;
      co_return std::nullopt;
    }
    if (Failed full = make_room(response_body_, piece->data.size(), most)) co_return full;
    response_body_.append(piece->data);
    held_ = response_body_;
    if (connection_->complete()) co_return std::nullopt;
    if (piece->advanced) continue;
    if (Failed failed = co_await read_more()) co_return failed;
  }
}

// More of the upstream's body, or its end.
net::Task<Driver::Failed> Driver::read_more() {
  std::int64_t until = deadline(pause_ms());
  for (;;) {
    const auto read = co_await connection_->receive(until);
    if (read.status == net::IoStatus::kClosed && connection_->end_at_close()) co_return std::nullopt;
    if (read.ok()) {
      connection_->received(read.bytes);
      co_return std::nullopt;
    }
    if (!still_has_time(read.status, until)) co_return read_failure(read.status, "closed within its answer");
  }
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
net::Task<Driver::Failed> Driver::pass_body(Exchange& exchange, bool open, const plan::Response* declared) {
  std::string trailers;
  AnswerPiece out;
  out.head = true;
  out.open = open;
  out.keep_alive = keep_alive_;
  bool waiting = true;  // something is to leave before we wait: an event stream must not be held back
  for (;;) {
    // One that never pauses ends in time as well, whoever is slow.
    if (worker_.loop().now_ms() >= ends_ms_) co_return read_failure(net::IoStatus::kTimedOut, {});
    const auto piece = connection_->read_body();
    if (!piece) co_return denied(Reason::kUpstreamMalformed, "upstream", piece.error());
    copy_for_report(exchange, piece->data);
    outcome_.response_body_bytes += piece->data.size();
    out.data = piece->data;
    out.last = connection_->complete();
    out.more = open && !out.last && piece->advanced;
    if (open && out.last) stages::append_trailers(trailers, exchange, declared, connection_->trailers());
    out.trailers = trailers;
    if (!out.data.empty() || out.last || (waiting && !piece->advanced)) {
      answering_ |= !out.more;
      const auto sent = co_await client_.send(out_, out);
      if (!sent.ok())
        co_return denied(Reason::kClientClosed, "upstream", "closed before its answer was complete");
      out.head = false;
      waiting = out.more;
    }
    if (connection_->complete()) co_return std::nullopt;
    if (piece->advanced) continue;
    if (Failed failed = co_await read_more()) co_return failed;
  }
}

// One byte past the bound tells that it was passed.
void Driver::copy_for_report(Exchange& exchange, std::string_view data) {
  if (copy_max_ == 0 || response_body_.size() > copy_max_) return;
  data = data.substr(0, copy_max_ + 1 - response_body_.size());
  Failed full = make_room(response_body_, data.size(), copy_max_ + 1);
  if (!full) {
    response_body_.append(data);
    return;
  }
  // The answer goes on, and is not judged: the record says so.
  exchange.reported.push_back(std::move(*full));
  copy_max_ = 0;
  release(response_body_);
  count_gathered();
}

// An answer of our own: a body that is here already is dropped, any other ends the connection.
void Driver::end_request() {
  if (!client_.body_complete() && !client_.whole_body()) keep_alive_ = false;
}

net::Task<void> Driver::refuse(Exchange& exchange, Denial denial) {
  end_request();
  denial_ = std::move(denial);
  const std::uint16_t status = stages::status_of(*denial_);
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
  end_stream();
  outcome_.denial = denial_ ? &*denial_ : nullptr;
  outcome_.duration_us = worker_.loop().now().steady_us - started_us_;
  if (!canary("record-lost") || !outcome_.aborted)
    worker_.record(stages::make_record(exchange, outcome_, worker_.shared().digest_key));
  worker_.count(*service_, exchange, outcome_);
  constexpr std::size_t kKeptBytes = std::size_t{64} * 1024;
  // A connection of many exchanges keeps no room for each.
  const bool keeps = memory_.held() <= kConnectionKeptBytes;
  for (std::string* body : {&body_, &response_body_}) {
    if (!keeps || body->capacity() > kKeptBytes) release(*body);
    body->clear();
  }
  made_bytes_ = 0;
  count_gathered();
}

}  // namespace caponier::gateway
