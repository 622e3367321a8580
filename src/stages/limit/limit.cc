#include "stages/limit/limit.h"

#include <algorithm>

#include "stages/identity_key.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "limit";

std::int64_t seconds_up(std::int64_t us) {
  return (us + 999'999) / 1'000'000;
}

std::uint64_t bucket_key(const State& state, const Exchange& exchange, const Principal& principal,
                         const plan::RateLimit& limit) {
  const auto key = [&state, &limit](IdentityKind kind, std::uint64_t identity) {
    return identity_key(state.digest_key, limit.id, kind, identity);
  };
  if (limit.per == plan::LimitPer::kOperation) return key(IdentityKind::kEveryone, 0);
  // Whoever shows no credential is known by the address.
  if (limit.per == plan::LimitPer::kAddress || principal.anonymous) {
    return key(IdentityKind::kAddress, address_identity(state, *exchange.peer));
  }
  return key(IdentityKind::kCredential, principal.credential_hash);
}

Limited headers_of(const plan::RateLimit& limit, const BucketState& state) {
  return {limit.name, limit.requests, state.remaining, seconds_up(state.reset_us), limit.policy_headers};
}

// Callers that were refused together do not come back together. The same request ID always gives the same
// answer.
std::int64_t jittered(std::int64_t seconds, const State& state, const Exchange& exchange) {
  const std::int64_t spread = std::max<std::int64_t>(1, seconds / 5);
  const std::uint64_t hash = keyed_hash(state.digest_key, exchange.request_id);
  return seconds + static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(spread + 1));
}

Denial refuse(const State& state, Exchange& exchange, const plan::RateLimit& limit,
              const BucketState& bucket) {
  exchange.limit_refused = headers_of(limit, bucket);
  Denial denial =
      deny(Reason::kRateLimited, kStage, "the limit " + limit.name + " is used up", limit.where.text);
  denial.retry_after_s =
      jittered(std::max<std::int64_t>(1, seconds_up(bucket.retry_after_us)), state, exchange);
  return denial;
}

}  // namespace

Verdict<Limited> limit(const State& state, Exchange& exchange, const Matched& matched,
                       const Principal& principal) {
  const std::vector<plan::RateLimit>& limits = matched.operation->limits;
  if (limits.empty()) return Limited{};
  const auto takes = exchange.arena.array<BucketTake>(limits.size());
  const auto buckets = exchange.arena.array<BucketState>(limits.size());
  for (std::size_t i = 0; i < limits.size(); ++i) {
    takes[i].key = bucket_key(state, exchange, principal, limits[i]);
    takes[i].capacity = limits[i].requests;
    takes[i].window_us = limits[i].window_us;
  }
  const Taken taken = state.limiter->take(takes, buckets, exchange.now.steady_us);
  if (taken == Taken::kTableFull) {
    Denial denial = deny(Reason::kLimiterFull, kStage, "the limiter's table is full");
    denial.retry_after_s = jittered(1, state, exchange);
    return denial;
  }
  std::size_t tightest = 0;
  for (std::size_t i = 1; i < limits.size(); ++i) {
    // Of several that refuse, the one that takes longest to come back.
    const auto rank = [&buckets](std::size_t at) {
      return std::pair(-buckets[at].retry_after_us, buckets[at].remaining);
    };
    if (rank(i) < rank(tightest)) tightest = i;
  }
  if (taken == Taken::kNo) return refuse(state, exchange, limits[tightest], buckets[tightest]);
  return headers_of(limits[tightest], buckets[tightest]);
}

}  // namespace caponier::stages
