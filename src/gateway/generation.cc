#include "gateway/generation.h"

#include <utility>

namespace caponier::gateway {
namespace {

bool same_place(const plan::Upstream& a, const plan::Upstream& b) {
  return a.url.https == b.url.https && a.endpoints == b.endpoints;
}

// The same certificates mean the same context: what was connected by it stays connected.
bool same_context(const UpstreamSide& a, const UpstreamSide& b) {
  return a.tls && b.tls && a.tls->fingerprint() == b.tls->fingerprint();
}

}  // namespace

void attach_keys(Generation& generation, fetch::KeyService& service, const Now& now) {
  generation.key_sources = service.bind(*generation.plan, now);
  generation.keys = fetch::ring_of(generation.key_sources, generation.number);
}

void inherit(const Generation& from, Generation& to) {
  for (std::size_t i = 0; i < to.upstreams.size(); ++i) {
    for (std::size_t j = 0; j < from.upstreams.size(); ++j) {
      const plan::Upstream& before = from.plan->upstreams[j];
      const plan::Upstream& after = to.plan->upstreams[i];
      if (before.name != after.name) continue;
      UpstreamSide& side = to.upstreams[i];
      side.load = from.upstreams[j].load;
      if (same_context(from.upstreams[j], side)) side.tls = from.upstreams[j].tls;
      if (same_place(before, after)) side.known = from.upstreams[j].known.load();
    }
  }
}

upstream::ClusterSettings cluster_settings(const Generation& generation, std::size_t index) {
  const plan::Upstream& upstream = generation.plan->upstreams[index];
  upstream::ClusterSettings settings;
  settings.name = upstream.label();
  settings.authority = upstream.authority;
  for (const plan::UpstreamEndpoint& endpoint : upstream.endpoints) {
    settings.endpoints.push_back({endpoint.host, endpoint.port});
  }
  settings.server_name = upstream.server_name;
  settings.spiffe_id = upstream.spiffe_id;
  settings.tls = generation.upstreams[index].tls;
  settings.rules = upstream.rules;
  settings.limits = upstream::PoolLimits(generation.plan->limits);
  return settings;
}

Service::Service(std::shared_ptr<const Generation> the_generation, const stages::State& the_state)
    : generation(std::move(the_generation)), state(the_state) {
  state.keys = generation->keys.get();
}

}  // namespace caponier::gateway
