// One Plan as the process serves it, with everything that belongs to this Plan alone. Generations follow each
// other on reload; an exchange ends on the one that it began with, which goes with the last of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "fetch/browser_login.h"
#include "fetch/introspector.h"
#include "fetch/issuer_client.h"
#include "fetch/key_service.h"
#include "fetch/token_source.h"
#include "plan/plan.h"
#include "stages/authenticate/key_ring.h"
#include "stages/state.h"
#include "tls/context.h"
#include "upstream/cluster.h"

namespace caponier::gateway {

// What all workers share of one upstream.
struct UpstreamSide {
  std::shared_ptr<tls::ClientContext> tls;  // null: it is plain
  std::shared_ptr<upstream::Load> load = std::make_shared<upstream::Load>();
  mutable std::atomic<bool> known{false};  // it was reached once
};

// Process-wide. Nothing in it changes but the keys, and what is known of upstreams.
struct Generation {
  Generation(std::shared_ptr<const plan::Plan> the_plan, std::uint64_t the_number)
      : plan(std::move(the_plan)),
        number(the_number),
        keys(std::make_shared<stages::KeyRing>(plan->issuers.size(), number)),
        token_sources(plan->upstreams.size()),
        upstreams(plan->upstreams.size()) {}

  std::shared_ptr<const plan::Plan> plan;
  std::uint64_t number;  // from 1
  std::shared_ptr<stages::KeyRing> keys;
  fetch::KeySources key_sources;                                     // by index of Plan::issuers
  std::vector<std::shared_ptr<fetch::IssuerClient>> issuer_clients;  // by index of Plan::issuers
  // By index of Plan::issuers; null where tokens are not introspected.
  std::vector<std::shared_ptr<fetch::Introspector>> introspectors;
  // By index of Plan::upstreams; null where none is called by a token of an issuer.
  std::vector<std::shared_ptr<fetch::TokenSource>> token_sources;
  std::vector<std::shared_ptr<fetch::BrowserLogin>> logins;  // by index of Plan::logins; none without a store
  std::vector<UpstreamSide> upstreams;                       // by index of Plan::upstreams
  std::vector<std::uint32_t> metric_rows;                    // by index of Plan::operations
};

// The keys of its issuers, as the process has them.
void attach_keys(Generation& generation, fetch::KeyService& service, const Now& now);

// What `from` has learned and `to` would have to ask for at the same place: that an upstream is there; and
// what is under way at upstreams. Nobody waits because of a reload.
void inherit(const Generation& from, Generation& to);

// An upstream of the Plan as the workers' clusters are to have it.
upstream::ClusterSettings cluster_settings(const Generation& generation, std::size_t index);

// A generation as one worker serves it; touched by its thread alone.
struct Service {
  Service(std::shared_ptr<const Generation> the_generation, const stages::State& the_state);
  [[nodiscard]] const plan::Plan& plan() const { return *generation->plan; }

  std::shared_ptr<const Generation> generation;
  stages::State state;
  // By index of Plan::upstreams. One that a reload leaves as it is goes on, with its connections and with
  // what it knows of its endpoints.
  std::vector<std::shared_ptr<upstream::Cluster>> upstreams;
};

}  // namespace caponier::gateway
