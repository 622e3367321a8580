// The tokens of issuers by which the gateway calls its upstreams: who gets them, for the whole process.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "event/record.h"
#include "gateway/gateway.h"
#include "gateway/gateway_threads.h"

namespace caponier::gateway {

void Gateway::attach_token_sources(Generation& generation, const Generation* before) {
  const plan::Plan& plan = *generation.plan;
  net::Network& network = threads_.front()->network;
  for (std::size_t i = 0; i < plan.upstreams.size(); ++i) {
    const plan::Upstream& upstream = plan.upstreams[i];
    auto& source = generation.token_sources[i];
    if (!upstream.token) continue;
    if (before != nullptr) {
      const auto same = std::ranges::find_if(
          before->token_sources, [&upstream](const auto& one) { return one && one->serves(upstream); });
      if (same != before->token_sources.end()) {
        source = *same;
        continue;
      }
    }
    auto client = std::make_shared<fetch::IssuerClient>(network, upstream.token->issuer, plan.limits.tokens,
                                                        plan.limits.time.need_ms, *random_);
    source = std::make_shared<fetch::TokenSource>(
        network, std::move(client), upstream, shared_->digest_key,
        [this](bool ok, const std::string& sentence) { report_token(ok, sentence); });
  }
}

void Gateway::report_token(bool ok, const std::string& sentence) {
  // On the loop of the first worker, where they are asked for.
  event::LifecycleRecord record;
  record.wall_ms = threads_.front()->loop.now().wall_ms;
  record.what = ok ? "upstream-token" : "upstream-token-unavailable";
  record.detail = sentence;
  threads_.front()->worker->record(record);
  if (!ok && settings_.tell) settings_.tell(sentence);
}

}  // namespace caponier::gateway
