// One Plan as the process serves it, with everything that belongs to this Plan alone. Generations follow each
// other on reload; an exchange ends on the one that it began with, which goes with the last of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "fetch/key_service.h"
#include "plan/plan.h"
#include "stages/authenticate/key_ring.h"
#include "stages/state.h"
#include "tls/context.h"
#include "upstream/pool.h"

namespace caponier::gateway {

// Process-wide. Nothing in it changes but the keys.
struct Generation {
  Generation(std::shared_ptr<const plan::Plan> the_plan, std::uint64_t the_number)
      : plan(std::move(the_plan)),
        number(the_number),
        keys(std::make_shared<stages::KeyRing>(plan->issuers.size(), number)) {}

  std::shared_ptr<const plan::Plan> plan;
  std::uint64_t number;  // from 1
  std::shared_ptr<stages::KeyRing> keys;
  std::shared_ptr<fetch::KeyService> key_service;
  std::shared_ptr<tls::ClientContext> upstream_tls;  // null: the upstream is plain
  std::vector<std::uint32_t> metric_rows;            // by index of Plan::operations
  mutable std::atomic<bool> upstream_known{false};   // it was reached once
};

// What `from` has learned and `to` would have to ask for at the same place: keys of issuers, that the
// upstream is there. Nobody waits because of a reload.
void inherit(const Generation& from, Generation& to);

// A generation as one worker serves it; touched by its thread alone.
struct Service {
  Service(std::shared_ptr<const Generation> the_generation, const stages::State& the_state,
          net::Network& network, BlockPool& blocks);
  [[nodiscard]] const plan::Plan& plan() const { return *generation->plan; }

  std::shared_ptr<const Generation> generation;
  stages::State state;
  upstream::Pool upstream;
};

}  // namespace caponier::gateway
