#include "stages/admit/admit.h"

#include <algorithm>

#include "base/bytes.h"
#include "stages/admit/forwarded.h"
#include "stages/admit/guessing.h"
#include "stages/admit/redirect.h"
#include "stages/identity_key.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "admit";

// Told apart from each other and from the identities of rate limits, which are hashes.
enum Budget : std::uint64_t { kConnections = 1, kRequests = 2 };

BucketTake budget(const State& state, const Peer& peer, Budget which, std::uint32_t burst,
                  std::uint32_t per_period, std::int64_t period_us) {
  BucketTake take;
  take.key = identity_key(state.digest_key, which, IdentityKind::kAddress, address_identity(state, peer));
  take.capacity = per_period == 0 ? 0 : burst;  // nothing comes back: nothing is given
  take.window_us = per_period == 0 ? 0 : period_us * burst / per_period;
  return take;
}

Denial refuse(Reason reason, std::string detail, const BucketState& bucket) {
  Denial denial = deny(reason, kStage, std::move(detail));
  denial.retry_after_s = std::max<std::int64_t>(1, (bucket.retry_after_us + 999'999) / 1'000'000);
  return denial;
}

// "example.com:8443" and "[::1]:8443" without port and brackets.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

bool is_allowed(const std::vector<std::string>& hosts, std::string_view authority) {
  if (hosts.empty()) return true;
  const std::string_view host = host_of(authority);
  return std::ranges::any_of(hosts, [host](const std::string& allowed) {
    return equals_ignore_case(allowed.starts_with('[') ? host_of(allowed) : allowed, host);
  });
}

}  // namespace

std::optional<Denial> admit_connection(const State& state, const Limits& limits, const Peer& peer,
                                       const Now& now) {
  const BucketTake take = budget(state, peer, kConnections, limits.connections.new_per_address_burst,
                                 limits.connections.new_per_address_per_second, 1'000'000);
  BucketState bucket;
  switch (state.limiter->take({&take, 1}, {&bucket, 1}, now.steady_us)) {
    case Taken::kYes:
      return std::nullopt;
    case Taken::kNo:
      return refuse(Reason::kConnectionRefused, "too many new connections", bucket);
    case Taken::kTableFull:
      return refuse(Reason::kConnectionRefused, "the limiter's table is full", bucket);
  }
  return Denial{};
}

Verdict<Admitted> admit(const State& state, Exchange& exchange) {
  if (auto unreadable = believe_proxies(state, exchange)) return std::move(*unreadable);
  const ConnectionLimits& limits = exchange.plan->limits.connections;
  const BucketTake take = budget(state, *exchange.peer, kRequests, limits.requests_per_address_burst,
                                 limits.requests_per_address_per_second, 1'000'000);
  BucketState bucket;
  const Taken taken = state.limiter->take({&take, 1}, {&bucket, 1}, exchange.now.steady_us);
  if (taken == Taken::kTableFull) return refuse(Reason::kLimiterFull, "the limiter's table is full", bucket);
  if (taken == Taken::kNo) {
    return refuse(Reason::kTooManyRequestsAddress, "the address used up its budget of requests", bucket);
  }
  if (auto guesses = refuse_guessing_address(state, exchange)) return std::move(*guesses);
  if (!is_allowed(exchange.plan->hosts, exchange.head->authority)) {
    return deny(Reason::kHostNotAllowed, kStage, "the Host header names none of the accepted hosts");
  }
  const Peer& peer = *exchange.peer;
  if (peer.server_names != nullptr &&
      peer.server_names->find(host_of(exchange.head->authority)) != peer.certificate) {
    return deny(Reason::kMisdirected, kStage, "the Host header names a host of another certificate");
  }
  if (peer.rules != nullptr && !peer.rules->redirect.empty()) return redirect(exchange, peer.rules->redirect);
  return Admitted{};
}

}  // namespace caponier::stages
