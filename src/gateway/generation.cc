#include "gateway/generation.h"

#include <utility>

namespace caponier::gateway {
namespace {

upstream::Target target_of(const Generation& generation) {
  const plan::Plan& plan = *generation.plan;
  return {plan.upstream.host, plan.upstream.port,
          plan.upstream_server_name.empty() ? plan.upstream.host : plan.upstream_server_name,
          generation.upstream_tls};
}

bool same_place(const plan::Issuer& a, const plan::Issuer& b) {
  return a.rules.issuer == b.rules.issuer && a.source == b.source && a.keys_file == b.keys_file &&
         a.keys_url.text() == b.keys_url.text() && a.ca_file == b.ca_file;
}

}  // namespace

void inherit(const Generation& from, Generation& to) {
  for (std::uint32_t i = 0; i < to.plan->issuers.size(); ++i) {
    for (std::uint32_t j = 0; j < from.plan->issuers.size(); ++j) {
      if (!same_place(from.plan->issuers[j], to.plan->issuers[i])) continue;
      if (auto keys = from.keys->get(j)) to.keys->install(i, std::move(keys));
    }
  }
  if (from.plan->upstream.text() == to.plan->upstream.text()) to.upstream_known = from.upstream_known.load();
}

Service::Service(std::shared_ptr<const Generation> the_generation, const stages::State& the_state,
                 net::Network& network, BlockPool& blocks)
    : generation(std::move(the_generation)),
      state(the_state),
      upstream(network, blocks, target_of(*generation), generation->plan->limits) {
  state.keys = generation->keys.get();
}

}  // namespace caponier::gateway
