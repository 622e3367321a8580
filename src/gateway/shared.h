// What all workers of a process share, whatever the Plan of the day: exact limits, counts, and the way out
// for records.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/digest.h"
#include "base/limits.h"
#include "base/random.h"
#include "fetch/password_pool.h"
#include "gateway/connection_table.h"
#include "gateway/metrics.h"
#include "plan/assertion_keys.h"
#include "plan/identity_facts.h"
#include "reasons/reasons.h"
#include "stages/authenticate/proof.h"
#include "stages/authenticate/sessions.h"
#include "stages/failures.h"
#include "stages/limit/limiter.h"
#include "tls/context.h"

namespace caponier::gateway {

inline constexpr std::size_t kSessionsMax = 100'000;  // of browsers; over it nobody logs in

struct Shared {
  Shared(const Limits& limits, std::size_t operations, RandomSource& random)
      : digest_key{random.next_u64(), random.next_u64()},
        metric_names(operations),
        limiter(limits.memory.limiter_entries_max),
        connections(limits.connections) {}

  DigestKey digest_key;
  MetricNames metric_names;
  stages::Limiter limiter;
  stages::Limiter proofs{stages::kProofsRemembered};
  stages::Failures failed_addresses{stages::kFailuresRemembered};
  stages::Failures failed_identities{stages::kFailuresRemembered};
  ConnectionTable connections;
  stages::Sessions sessions{kSessionsMax};
  fetch::PasswordPool passwords;
  // What the store knows of identities; nobody, where there is no store.
  std::shared_ptr<plan::IdentitySource> identities = std::make_shared<plan::IdentitySource>();
  // By which the gateway vouches for callers.
  std::shared_ptr<plan::AssertionKeySource> assertions = std::make_shared<plan::AssertionKeySource>();
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
