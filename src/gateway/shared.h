// What all workers of a process share: the Plan, exact limits, keys, and the way out for records.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/random.h"
#include "fetch/key_service.h"
#include "gateway/connection_table.h"
#include "plan/plan.h"
#include "stages/authenticate/key_ring.h"
#include "stages/limit/limiter.h"
#include "tls/context.h"
#include "upstream/cluster.h"

namespace caponier::gateway {

struct Shared {
  Shared(std::shared_ptr<const plan::Plan> the_plan, RandomSource& random)
      : plan(std::move(the_plan)),
        digest_key{random.next_u64(), random.next_u64()},
        limiter(plan->limits.memory.limiter_entries_max),
        keys(plan->issuers.size()),
        upstream_tls(plan->upstreams.size()),
        upstream_loads(plan->upstreams.size()),
        connections(plan->limits.connections) {}

  std::shared_ptr<const plan::Plan> plan;
  DigestKey digest_key;
  stages::Limiter limiter;
  stages::KeyRing keys;
  fetch::KeyService* key_service = nullptr;
  // By index of Plan::upstreams.
  std::vector<std::shared_ptr<tls::ClientContext>> upstream_tls;  // null: the upstream is plain
  std::vector<upstream::Load> upstream_loads;
  ConnectionTable connections;
  std::function<void(std::string& lines)> give_records;  // takes whole lines, leaves the string empty
  std::atomic<std::uint64_t> in_flight_bytes{0};
  std::atomic<bool> draining{false};
};

}  // namespace caponier::gateway
