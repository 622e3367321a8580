// By which token of an issuer the upstream is called: the driver's wait for it, before anything goes there.
#include "gateway/driver.h"
#include "gateway/worker.h"

namespace caponier::gateway {
namespace {

constexpr std::int64_t kRetryAfterS = 5;

// The text that the upstream's token is got for; empty: it is the gateway's own.
std::string_view subject_of(const fetch::TokenSource& source, const stages::Exchange& exchange) {
  if (!source.exchanges()) return {};
  // A browser has none: the gateway keeps it.
  const stages::SessionPtr& session = exchange.principal->session;
  return session ? std::string_view(session->access_token) : exchange.principal->token;
}

}  // namespace

fetch::TokenSource* Driver::token_source(const stages::Exchange& exchange) const {
  return service_->generation->token_sources[exchange.matched->operation->upstream].get();
}

bool Driver::has_upstream_token(stages::Exchange& exchange) const {
  fetch::TokenSource* source = token_source(exchange);
  if (source == nullptr) return true;
  exchange.upstream_token = source->take(subject_of(*source, exchange), worker_.loop().now_ms());
  return exchange.upstream_token != nullptr;
}

net::Task<Driver::Failed> Driver::get_upstream_token(stages::Exchange& exchange) {
  fetch::TokenSource& source = *token_source(exchange);
  const std::string_view subject = subject_of(source, exchange);
  // The Plan saw to it that there is a caller with one; without it, the gateway would call in its own name.
  if (!source.exchanges() || !subject.empty()) {
    const std::int64_t until_ms = deadline(exchange.plan->limits.time.need_ms);
    auto asking = source.ask(worker_.loop(), subject, until_ms);
    auto token = co_await asking;
    exchange.upstream_token = std::move(token);
  }
  if (exchange.upstream_token) co_return std::nullopt;
  stages::Denial denial = stages::deny(
      Reason::kUpstreamTokenUnavailable, "upstream",
      "no token of " +
          exchange.plan->upstreams[exchange.matched->operation->upstream].token->issuer.rules.issuer);
  denial.retry_after_s = kRetryAfterS;
  co_return denial;
}

void Driver::note_unauthorized(const stages::Exchange& exchange) const {
  fetch::TokenSource* source = token_source(exchange);
  if (source == nullptr || !exchange.upstream_token) return;
  source->refused(subject_of(*source, exchange), exchange.upstream_token, worker_.loop().now_ms());
}

}  // namespace caponier::gateway
