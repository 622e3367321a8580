// What all workers of a process share, whatever the Plan of the day: exact limits, counts, and the way out
// for records.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/digest.h"
#include "base/limits.h"
#include "base/random.h"
#include "gateway/connection_table.h"
#include "gateway/metrics.h"
#include "reasons/reasons.h"
#include "stages/limit/limiter.h"
#include "tls/context.h"

namespace caponier::gateway {

struct Shared {
  Shared(const Limits& limits, std::size_t operations, RandomSource& random)
      : digest_key{random.next_u64(), random.next_u64()},
        metric_names(operations),
        limiter(limits.memory.limiter_entries_max),
        connections(limits.connections) {}

  DigestKey digest_key;
  MetricNames metric_names;
  stages::Limiter limiter;
  ConnectionTable connections;
  std::function<void(std::string& lines)> give_records;  // takes whole lines, leaves the string empty
  std::atomic<std::uint64_t> in_flight_bytes{0};
  std::atomic<bool> draining{false};
  std::atomic<std::int64_t> idle_grace_ms{0};  // while draining: how long an idle client may still ask
};

inline Reason reason_of(const tls::HandshakeFailure& failure) {
  if (failure.client_certificate) return Reason::kClientCertificateRefused;
  return failure.plain_http ? Reason::kPlainHttpRefused : Reason::kHandshakeFailed;
}

}  // namespace caponier::gateway
