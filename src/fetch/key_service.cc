#include "fetch/key_service.h"

#include <algorithm>
#include <utility>

#include "json/document.h"
#include "store/state_dir.h"
#include "upstream/http_client.h"

namespace caponier::fetch {

KeyService::KeyService(net::Network& network, std::shared_ptr<const plan::Plan> plan,
                       std::shared_ptr<stages::KeyRing> ring, std::string development_keys,
                       std::function<void(const KeyEvent&)> report)
    : network_(network),
      plan_(std::move(plan)),
      ring_(std::move(ring)),
      development_keys_(std::move(development_keys)),
      report_(std::move(report)),
      sources_(plan_->issuers.size()) {}

void KeyService::start() {
  for (std::uint32_t issuer = 0; issuer < sources_.size(); ++issuer) {
    begin(issuer);
    net::spawn(refresh_for_ever(shared_from_this(), issuer));
  }
}

KeyService::Waiting KeyService::wait_for(net::Loop& loop, std::uint32_t issuer, std::int64_t deadline_ms) {
  return {*this, loop, issuer, deadline_ms};
}

void KeyService::Waiting::await_suspend(std::coroutine_handle<> handle) {
  auto wait = std::make_shared<Wait>();
  wait->loop = &loop_;
  wait->handle = handle;
  loop_.timers().set(*wait, deadline_ms_);
  service_.network_.loop().post([service = service_.shared_from_this(), issuer = issuer_,
                                 wait = std::move(wait)] { service->ask(issuer, wait); });
}

void KeyService::ask(std::uint32_t issuer, std::shared_ptr<Wait> wait) {
  Source& source = sources_[issuer];
  const bool may_fetch = !stopping_ && network_.loop().now_ms() >= source.not_before_ms;
  if (!source.fetching && !may_fetch) {
    // Fetched a moment ago: what is there is all there is.
    net::Loop* loop = wait->loop;
    loop->post([wait = std::move(wait)] { wait->resume(); });
    return;
  }
  source.waiting.push_back(std::move(wait));
  if (!source.fetching) begin(issuer);
}

void KeyService::begin(std::uint32_t issuer) {
  sources_[issuer].fetching = true;
  net::spawn(fetch(shared_from_this(), issuer));
}

net::Task<void> KeyService::fetch(std::shared_ptr<KeyService> self, std::uint32_t issuer) {
  auto text = co_await load_text(issuer);
  self->finish(issuer, std::move(text));
}

void KeyService::finish(std::uint32_t issuer, Result<std::string, std::string> text) {
  Source& source = sources_[issuer];
  KeyEvent event{plan_->issuers[issuer].rules.issuer, false, {}};
  if (!text) {
    event.detail = text.error();
  } else if (auto set = jose::parse_key_set(*text, plan_->limits.tokens); !set) {
    event.detail = set.error();
  } else {
    event.ok = true;
    event.detail = std::to_string(set->keys.size()) + " keys";
    for (const jose::RefusedKey& refused : set->refused)
      event.detail += "; refused " + refused.id + ": " + refused.reason;
    ring_->install(issuer, std::make_shared<const jose::KeySet>(std::move(*set)));
  }
  source.fetching = false;
  source.not_before_ms = network_.loop().now_ms() + (event.ok ? kRefreshMinMs : kRetryMs);
  const bool have = ring_->generation(issuer) > 0;
  source.refresh_at_ms = network_.loop().now_ms() + (have ? kRefreshBackgroundMs : kRetryMs);
  report_(event);
  for (std::shared_ptr<Wait>& wait : std::exchange(source.waiting, {})) {
    net::Loop* loop = wait->loop;
    loop->post([wait = std::move(wait)] { wait->resume(); });
  }
}

// Looks often enough that a retired service, and the Plan with it, is gone soon.
net::Task<void> KeyService::refresh_for_ever(std::shared_ptr<KeyService> self, std::uint32_t issuer) {
  if (plan_->issuers[issuer].source == plan::KeySource::kDevelopment) co_return;
  while (!self->stopping_ && !self->retired_) {
    const std::int64_t look_again_ms = network_.loop().now_ms() + kRetryMs;
    const bool fetching = sources_[issuer].fetching;
    const std::int64_t at_ms =
        fetching ? look_again_ms : std::min(look_again_ms, sources_[issuer].refresh_at_ms);
    co_await network_.loop().sleep_until(at_ms);
    const bool due = network_.loop().now_ms() >= sources_[issuer].refresh_at_ms;
    if (!stopping_ && !retired_ && due && !sources_[issuer].fetching) begin(issuer);
  }
}

net::Task<Result<std::string, std::string>> KeyService::load_text(std::uint32_t index) {
  const plan::Issuer& issuer = plan_->issuers[index];
  switch (issuer.source) {
    case plan::KeySource::kDevelopment:
      co_return development_keys_;
    case plan::KeySource::kFile:
      co_return store::read_file(issuer.keys_file, plan_->limits.tokens.key_set_bytes_max);
    case plan::KeySource::kUrl:
      co_return co_await get(issuer, issuer.keys_url);
    case plan::KeySource::kDiscovery:
      break;
  }
  auto location = co_await discover(issuer);
  if (!location) co_return Err(location.error());
  co_return co_await get(issuer, std::move(*location));
}

net::Task<Result<std::string, std::string>> KeyService::get(const plan::Issuer& issuer, uri::Url url) {
  upstream::GetRequest request;
  request.allow_internal_addresses = issuer.allow_internal_addresses;
  request.bytes_max = plan_->limits.tokens.key_set_bytes_max;
  request.deadline_ms = network_.loop().now_ms() + plan_->limits.time.need_ms;
  if (url.https) {
    std::string authorities;
    if (!issuer.ca_file.empty()) {
      auto text = store::read_file(issuer.ca_file, kConfigBytesMax);
      if (!text) co_return Err(text.error());
      authorities = std::move(*text);
    }
    auto context = tls::ClientContext::create(authorities);
    if (!context) co_return Err(context.error());
    request.tls = std::move(*context);
  }
  request.url = std::move(url);
  co_return co_await upstream::get_json(network_, std::move(request));
}

// OpenID Connect Discovery 1.0, section 4: the document must name the very issuer it was asked for.
net::Task<Result<uri::Url, std::string>> KeyService::discover(const plan::Issuer& issuer) {
  auto text = co_await get(issuer, issuer.keys_url);
  if (!text) co_return Err(text.error());
  const std::string place = issuer.keys_url.text();
  json::Document document;
  auto root = document.read(*text, JsonLimits{});
  if (!root || !root->is(json::Kind::kObject))
    co_return Err(place + ": the discovery document is not a JSON object");
  const auto named = root->find("issuer");
  if (!named || !named->is(json::Kind::kString) || named->string() != issuer.rules.issuer) {
    co_return Err(place + ": the discovery document is about another issuer");
  }
  const auto location = root->find("jwks_uri");
  if (!location || !location->is(json::Kind::kString))
    co_return Err(place + ": the discovery document has no jwks_uri");
  auto url = uri::parse_url(location->string());
  if (!url) co_return Err(place + ": jwks_uri: " + url.error());
  if (!url->https && !issuer.allow_internal_addresses) co_return Err(place + ": jwks_uri is not https");
  co_return std::move(*url);
}

}  // namespace caponier::fetch
