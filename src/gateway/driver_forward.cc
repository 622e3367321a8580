// The way to the upstream: which endpoint, on which connection, and what is tried again where.
#include <string>
#include <utility>

#include "gateway/driver.h"
#include "gateway/worker.h"

namespace caponier::gateway {

using stages::Denial;
using stages::Exchange;

namespace {

constexpr std::uint16_t kFirstRetryStatus = 500;
constexpr std::uint16_t kLastRetryStatus = 504;

// RFC 9110 section 9.2.2: doing it twice is doing it once.
bool is_idempotent(http::Method method) {
  switch (method) {
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

// Not implemented, or not in this version: that tells of the request, which would eject one endpoint after
// the other.
bool tells_of_endpoint(std::uint16_t status) {
  return status >= 500 && status != 501 && status != 505;
}

bool asks_for_another(const RetryRules& rules, std::uint16_t status) {
  return status >= kFirstRetryStatus && status <= kLastRetryStatus &&
         (rules.statuses >> (status - kFirstRetryStatus) & 1U) != 0;
}

}  // namespace

net::Task<void> Driver::forward(Exchange& exchange) {
  const std::int64_t begun_us = worker_.loop().now().steady_us;
  first_byte_ms_ = exchange.matched->operation->first_byte_ms;
  fresh_ = false;
  use_ = exchange.head_decision->websocket ? upstream::Use::kUpgrade : upstream::Use::kRequest;
  Failed failed;
  if (!has_upstream_token(exchange)) failed = co_await get_upstream_token(exchange);
  if (!failed) failed = enter(exchange);
  if (!failed) {
    do {
      failed = co_await send_request(exchange);
      if (!failed) failed = co_await read_response_head();
      if (failed) note_try(*failed);
      if (failed && uploading()) co_await end_upload();
    } while (try_elsewhere(exchange, failed));
  }
  if (failed) {
    connection_.reset();
    co_await refuse(exchange, std::move(*failed));
  } else {
    const std::uint16_t status = connection_->head().status;
    constexpr std::uint16_t kUnauthorized = 401;
    if (status == kUnauthorized) note_unauthorized(exchange);
    co_await pass_response(exchange);
    note_answer(status);
  }
  connection_.reset();
  visit_.leave();
  if (upload_) outcome_.request_body_bytes = upload_->bytes();
  upload_.reset();
  outcome_.upstream_us = worker_.loop().now().steady_us - begun_us;
}

Driver::Failed Driver::enter(const Exchange& exchange) {
  upstream::Cluster& cluster = *service_->upstreams[exchange.matched->operation->upstream];
  if (visit_.enter(cluster)) return std::nullopt;
  Denial full = stages::deny(Reason::kUpstreamOverloaded, "upstream",
                             std::to_string(cluster.rules().requests_max) + " requests are under way");
  full.retry_after_s = 1;
  return full;
}

// A failure to connect was noted where it happened. A pooled connection that ended meanwhile is nobody's.
void Driver::note_try(const Denial& denial) {
  const bool stale = denial.reason == Reason::kUpstreamClosed && connection_ && connection_->silent() &&
                     (connection_->reused() || unprocessed());
  if (connection_ && !stale) note_failure(denial);
}

bool Driver::unprocessed() const {
  return connection_->fault() == upstream::Fault::kUnprocessed;
}

// What tells of the endpoint: not what the client did, nor that we stop.
void Driver::note_failure(const Denial& denial) {
  if (denial.reason == Reason::kUpstreamClosed || denial.reason == Reason::kUpstreamTimeout ||
      denial.reason == Reason::kUpstreamMalformed) {
    visit_.failed(denial.detail);
  }
}

// Known only at its end: an answer can break off.
void Driver::note_answer(std::uint16_t status) {
  const bool broken = denial_ && entry(denial_->reason).status >= 500 && denial_->stage == "upstream";
  if (broken) {
    note_failure(*denial_);
  } else if (tells_of_endpoint(status)) {
    visit_.answered(status);
  } else {
    visit_.succeeded();
  }
}

// Whether there is another try, for which everything is ready then. Nothing is said to the client yet.
bool Driver::try_elsewhere(const Exchange& exchange, const Failed& failed) {
  // A body that streams cannot be sent again, what is idempotent may be done twice, and what was not done may
  // be done in any case.
  if (upload_ || !connection_ || broken_off_ || client_gone_) return false;
  const bool undone = failed && unprocessed();
  if (!undone && !is_idempotent(exchange.head->method)) return false;
  const RetryRules& rules = visit_.cluster().rules().retries;
  if (!failed) {
    const bool wanted = rules.idempotent && asks_for_another(rules, connection_->head().status);
    // Its answer is as good as that of the same endpoint once more.
    if (!wanted || visit_.cluster().available() < 2 || !visit_.take_retry()) return false;
    visit_.answered(connection_->head().status);
    connection_->abort();
  } else {
    const bool dead = failed->reason == Reason::kUpstreamClosed && connection_->silent();
    // On a connection that had been in use before, the likely reason is its age.
    if (!dead || !(undone || connection_->reused() || rules.idempotent) || !visit_.take_retry()) return false;
  }
  // The connection that did nothing takes nothing any more, or has no room: others are as good as a new one.
  fresh_ = !undone;
  connection_.reset();
  return true;
}

Denial Driver::nothing_healthy() {
  Denial denial = stages::deny(Reason::kUpstreamUnhealthy, "upstream", "every endpoint is out");
  denial.retry_after_s = visit_.cluster().retry_after_s();
  return denial;
}

// Chooses an endpoint, if one is known and not out. True if it has a connection at hand.
bool Driver::take_idle(upstream::Endpoint*& chosen) {
  connection_.reset();
  chosen = visit_.again();
  if (chosen == nullptr) return false;
  ++outcome_.upstream_attempts;
  if (!fresh_) connection_ = chosen->pool.take_idle(use_);
  return connection_ != nullptr;
}

// A fresh connection, once the names are known.
net::Task<Driver::Failed> Driver::take_connection(upstream::Endpoint* chosen) {
  if (!visit_.begin_pending()) {
    Denial full = stages::deny(
        Reason::kUpstreamOverloaded, "upstream",
        std::to_string(visit_.cluster().rules().pending_max) + " requests wait for a connection already");
    full.retry_after_s = 1;
    co_return full;
  }
  Failed failed;
  bool ready = false;
  if (!visit_.cluster().known()) {
    if (auto why = co_await visit_.cluster().ready(ends_ms_)) {
      failed = stages::deny(Reason::kUpstreamUnreachable, "upstream", std::move(*why));
    } else {
      ready = take_idle(chosen);
    }
  }
  if (!failed && !ready) {
    if (chosen == nullptr) {
      failed = nothing_healthy();
    } else {
      failed = co_await connect_somewhere();
    }
  }
  visit_.end_pending();
  co_return failed;
}

// Nothing was sent: whoever can be reached is as good as the first.
net::Task<Driver::Failed> Driver::connect_somewhere() {
  for (;;) {
    Failed failed = co_await connect();
    if (!failed) co_return std::nullopt;
    if (worker_.loop().now_ms() >= ends_ms_ || broken_off_) co_return failed;
    upstream::Endpoint* other = visit_.next();
    if (other == nullptr) co_return failed;
    ++outcome_.upstream_attempts;
    if (!fresh_) connection_ = other->pool.take_idle(use_);
    if (connection_) co_return std::nullopt;
  }
}

net::Task<Driver::Failed> Driver::connect() {
  auto connected = co_await visit_.endpoint()->pool.connect(ends_ms_, use_);
  if (connected) {
    connection_ = std::move(*connected);
    co_return std::nullopt;
  }
  visit_.failed(connected.error().detail);
  const bool timed_out = connected.error().error == upstream::ConnectError::kTimedOut;
  co_return stages::deny(timed_out ? Reason::kUpstreamTimeout : Reason::kUpstreamUnreachable, "upstream",
                         connected.error().detail);
}

// Gets a connection and sends the request's head and judged body on it; a streamed body is on its way then.
net::Task<Driver::Failed> Driver::send_request(Exchange& exchange) {
  if (!append_request_head(exchange))
    co_return stages::deny(Reason::kInternalError, "scrub", "a request header cannot be sent safely");
  const std::size_t head_bytes = out_.size();
  const upstream::RequestBody body = request_body(exchange);
  for (;;) {
    // Most requests find a connection at hand.
    upstream::Endpoint* chosen = nullptr;
    if (!take_idle(chosen)) {
      if (Failed failed = co_await take_connection(chosen)) co_return failed;
    }
    // Nobody wants it any more, while the way was being opened.
    if (client_gone_ || broken_off_) co_return read_failure(net::IoStatus::kReset, {});
    connection_->begin(exchange.head->method, exchange.head_decision->websocket);
    connection_->count_in(memory_.blocks());
    out_.resize(head_bytes);
    const auto sent =
        co_await connection_->send(out_, body, ends_ms_, exchange.plan->limits.time.write_progress_ms);
    if (sent.ok()) break;
    const bool wanted = !client_gone_ && !broken_off_;
    // An answer to what has left of it is an answer.
    if (wanted && !connection_->silent()) co_return std::nullopt;
    // The connection was dead already, whatever the method.
    if (wanted && connection_->reused() && connection_->untouched(sent) && !fresh_) {
      fresh_ = true;
      continue;
    }
    co_return read_failure(sent.status, "closed while the request was sent");
  }
  if (body.open) co_return co_await start_upload(exchange);
  co_return std::nullopt;
}

}  // namespace caponier::gateway
