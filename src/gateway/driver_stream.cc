// What of the driver has to do with exchanges that go on: WebSockets and event streams.
#include <algorithm>
#include <utility>

#include "gateway/driver.h"
#include "gateway/tunnel.h"
#include "gateway/worker.h"
#include "stages/authenticate/revoked.h"
#include "stages/scrub/scrub.h"

namespace caponier::gateway {

using stages::Exchange;

namespace {

// The caller's proof that ceases first; null if none ever does.
const stages::Proof* first_to_end(const stages::Principal& principal) {
  const stages::Proof* first = nullptr;
  for (const stages::Proof& proof : principal.proofs) {
    if (!proof.holds || proof.until_s == 0) continue;
    if (first == nullptr || proof.until_s < first->until_s) first = &proof;
  }
  return first;
}

// RFC 6455, section 7.4.1.
constexpr std::uint16_t kPolicyViolation = 1008;

// What a client is told whose WebSocket ends by our will. Where the API broke off it is told nothing, as if
// there were nobody in between.
std::optional<std::uint16_t> close_code(Tunnel::End end, bool broken_off, Reason over) {
  constexpr std::uint16_t kGoingAway = 1001;
  if (broken_off || end == Tunnel::End::kIdle) return kGoingAway;
  if (end != Tunnel::End::kOver) return std::nullopt;
  return over == Reason::kStreamTimeout ? kGoingAway : kPolicyViolation;
}

}  // namespace

// From here on the exchange may last, but no longer than the credential that it was allowed for.
void Driver::begin_stream(const Exchange& exchange) {
  const TimeLimits& time = exchange.plan->limits.time;
  lasts_ = true;
  caller_ = &*exchange.principal;
  worker_.add_stream(*this);
  ends_ms_ = worker_.loop().now_ms() + time.stream_ms;
  over_ = Reason::kStreamTimeout;
  if (upload_) upload_->allow_pauses();
  if (const stages::Proof* proof = first_to_end(*exchange.principal)) {
    const std::int64_t expires_ms = exchange.now.steady_ms() + proof->until_s * 1000 - exchange.now.wall_ms;
    if (expires_ms < ends_ms_) {
      ends_ms_ = expires_ms;
      over_ = proof->over;
    }
  }
  // The upstream may have taken its time to answer.
  judge_again(*worker_.identities());
}

void Driver::judge_again(const plan::IdentityFacts& facts) {
  if (caller_ == nullptr || broken_off_) return;
  revoked_ =
      stages::revoked_since(*caller_, facts, worker_.loop().now().wall_s(), &worker_.shared().sessions);
  if (revoked_) abort();
}

void Driver::end_stream() {
  if (caller_ != nullptr) worker_.remove_stream(*this);
  caller_ = nullptr;
}

stages::Denial Driver::broken_off() const {
  if (!revoked_) return stages::deny(Reason::kDraining, "upstream", "broken off, because the gateway stops");
  return stages::deny(*revoked_, "upstream", "the credential ceased to hold while the stream was open");
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
    const std::optional<std::uint16_t> code =
        revoked_ ? kPolicyViolation : close_code(end, broken_off_, over_);
    if (code) co_await tunnel.say_close(*code);
    outcome_.request_body_bytes = tunnel.bytes_up();
    outcome_.response_body_bytes = tunnel.bytes_down();
  }
  if (broken_off_) {
    denial_ = broken_off();
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
