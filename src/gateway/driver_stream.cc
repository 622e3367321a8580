// What of the driver has to do with exchanges that go on: WebSockets and event streams.
#include <algorithm>
#include <utility>

#include "gateway/driver.h"
#include "gateway/tunnel.h"
#include "gateway/worker.h"
#include "stages/scrub/scrub.h"

namespace caponier::gateway {

using stages::Exchange;

namespace {

// When the caller's credential ceases to be valid, in wall seconds, if it ever does.
std::optional<std::int64_t> expiry_s(const Exchange& exchange) {
  const stages::Principal& principal = *exchange.principal;
  std::optional<std::int64_t> first;
  const auto take = [&first](std::int64_t at_s) { first = std::min(first.value_or(at_s), at_s); };
  if (principal.claims) {
    std::int64_t leeway_s = 0;
    for (const plan::Issuer& issuer : exchange.plan->issuers) {
      if (issuer.rules.issuer == principal.issuer) leeway_s = issuer.rules.leeway_s;
    }
    take(principal.claims->expires_at_s + leeway_s);
  }
  for (const plan::ApiKey* key : principal.keys) {
    if (key != nullptr && key->expires_at_s != 0) take(key->expires_at_s);
  }
  return first;
}

// What a client is told whose WebSocket ends by our will. Where the API broke off it is told nothing, as if
// there were nobody in between.
std::optional<std::uint16_t> close_code(Tunnel::End end, bool broken_off, Reason over) {
  constexpr std::uint16_t kGoingAway = 1001;
  constexpr std::uint16_t kPolicyViolation = 1008;
  if (broken_off || end == Tunnel::End::kIdle) return kGoingAway;
  if (end != Tunnel::End::kOver) return std::nullopt;
  return over == Reason::kStreamTimeout ? kGoingAway : kPolicyViolation;
}

}  // namespace

// From here on the exchange may last, but no longer than the credential that it was allowed for.
void Driver::begin_stream(const Exchange& exchange) {
  const TimeLimits& time = exchange.plan->limits.time;
  lasts_ = true;
  ends_ms_ = worker_.loop().now_ms() + time.stream_ms;
  over_ = Reason::kStreamTimeout;
  if (upload_) upload_->allow_pauses();
  const auto expires_s = expiry_s(exchange);
  if (!expires_s) return;
  const std::int64_t expires_ms = exchange.now.steady_ms() + *expires_s * 1000 - exchange.now.wall_ms;
  if (expires_ms >= ends_ms_) return;
  ends_ms_ = expires_ms;
  over_ = exchange.principal->claims ? Reason::kTokenExpired : Reason::kKeyExpired;
}

stages::Denial Driver::stream_end(bool idle) const {
  if (idle) return stages::deny(Reason::kStreamIdle, "upstream", "no byte came or went in time");
  return stages::deny(over_, "upstream",
                      over_ == Reason::kStreamTimeout ? "the stream's total time is over"
                                                      : "the credential expired while the stream was open");
}

bool Driver::end_tunnel() {
  if (!in_tunnel_ || broken_off_) return false;
  abort();
  return true;
}

// The head of the 101 stands in out_.
net::Task<void> Driver::pass_tunnel(Exchange& exchange) {
  out_ += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  // The Plan sees to it that who upgrades has a connection of its own.
  upstream::Http1Connection& upstream = *connection_->http1();
  const std::uint16_t status = upstream.head().status;
  upstream.end_head();
  begin_stream(exchange);
  answering_ = true;
  keep_alive_ = false;
  outcome_.status = status;
  AnswerPiece head;
  head.head = true;
  const auto sent = co_await client_.send(out_, head);
  Tunnel::End end = Tunnel::End::kClientClosed;
  if (sent.ok()) {
    const TimeLimits& time = exchange.plan->limits.time;
    Tunnel tunnel(client_, upstream, {time.stream_idle_ms, ends_ms_, time.write_progress_ms});
    in_tunnel_ = true;
    end = co_await tunnel.run();
    in_tunnel_ = false;
    const std::optional<std::uint16_t> code = close_code(end, broken_off_, over_);
    if (code) co_await tunnel.say_close(*code);
    outcome_.request_body_bytes = tunnel.bytes_up();
    outcome_.response_body_bytes = tunnel.bytes_down();
  }
  if (broken_off_) {
    denial_ = stages::deny(Reason::kDraining, "upstream", "broken off, because the gateway stops");
  } else if (end == Tunnel::End::kIdle || end == Tunnel::End::kOver) {
    denial_ = stream_end(end == Tunnel::End::kIdle);
  } else if (end == Tunnel::End::kUpstreamBroken) {
    denial_ = stages::deny(Reason::kUpstreamClosed, "upstream", "broke off within a WebSocket");
  } else if (end == Tunnel::End::kStuck) {
    denial_ = stages::deny(Reason::kStreamIdle, "upstream", "what one side sent was not taken in time");
  }
  if (end == Tunnel::End::kUpstreamClosed || end == Tunnel::End::kClientClosed) {
    upstream.stream().shutdown();
    co_return;
  }
  outcome_.aborted = true;
  upstream.abort();
}

}  // namespace caponier::gateway
