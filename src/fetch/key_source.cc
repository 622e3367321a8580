#include "fetch/key_source.h"

#include <algorithm>
#include <utility>

#include "fetch/issuer_client.h"
#include "fetch/issuer_metadata.h"
#include "jose/key_set.h"
#include "store/state_dir.h"
#include "tls/context.h"
#include "upstream/http_client.h"

namespace caponier::fetch {
namespace {

// A clock that was wrong when the set was stored says nothing about its age.
constexpr std::int64_t kClockToleranceMs = 300'000;

KeyFailure kind_of(upstream::FetchError error) {
  switch (error) {
    case upstream::FetchError::kAddress:
      return KeyFailure::kAddress;
    case upstream::FetchError::kUnreachable:
      return KeyFailure::kUnreachable;
    case upstream::FetchError::kTls:
      return KeyFailure::kTls;
    case upstream::FetchError::kTimeout:
      return KeyFailure::kTimeout;
    case upstream::FetchError::kRedirect:
      return KeyFailure::kRedirect;
    case upstream::FetchError::kStatus:
      return KeyFailure::kStatus;
    case upstream::FetchError::kType:
      return KeyFailure::kType;
    case upstream::FetchError::kSize:
      return KeyFailure::kSize;
    case upstream::FetchError::kProtocol:
      break;
  }
  return KeyFailure::kProtocol;
}

std::string place_of(const plan::Issuer& issuer) {
  switch (issuer.source) {
    case plan::KeySource::kFile:
      return issuer.keys_file;
    case plan::KeySource::kDevelopment:
      return "development";
    case plan::KeySource::kNone:
      return {};
    case plan::KeySource::kUrl:
    case plan::KeySource::kDiscovery:
      break;
  }
  return issuer.keys_url.text();
}

bool comes_by_network(const plan::Issuer& issuer) {
  return issuer.source == plan::KeySource::kUrl || issuer.source == plan::KeySource::kDiscovery;
}

std::string summary_of(const jose::KeySet& set) {
  std::string text = std::to_string(set.keys.size()) + " keys";
  for (const jose::RefusedKey& refused : set.refused)
    text += "; refused " + refused.id + ": " + refused.reason;
  return text;
}

std::string age_text(std::int64_t ms) {
  return std::to_string(ms / 1000) + " s";
}

}  // namespace

std::string_view name(KeyFailure failure) {
  constexpr std::array<std::string_view, kKeyFailures> kNames = {
      "internal-address", "unreachable", "tls",      "timeout",   "redirect", "status",
      "content-type",     "size",        "protocol", "discovery", "key-set",  "file"};
  return kNames[static_cast<std::size_t>(failure)];
}

KeySource::KeySource(std::shared_ptr<KeySurroundings> surroundings, KeySettings settings, const Now& now)
    : surroundings_(std::move(surroundings)),
      identity_(settings.issuer),
      place_(place_of(settings.issuer)),
      settings_(std::make_shared<const KeySettings>(std::move(settings))) {
  health_.issuer = identity_.rules.issuer;
  health_.place = place_;
  if (comes_by_network(identity_)) recalled_ = recall(now);
}

bool KeySource::serves(const plan::Issuer& issuer) const {
  return identity_.rules.issuer == issuer.rules.issuer && identity_.source == issuer.source &&
         place_ == place_of(issuer) && identity_.ca_file == issuer.ca_file;
}

KeyHealth KeySource::health(const Now& now) const {
  const std::lock_guard lock(mutex_);
  KeyHealth health = health_;
  if (slot_->get()) health.age_s = std::max<std::int64_t>(0, (now.steady_us - healthy_at_us_) / 1'000'000);
  return health;
}

// What was kept by an earlier process: judged by the rules of today, and as old as it is.
KeySource::Recalled KeySource::recall(const Now& now) {
  const auto stored =
      surroundings_->archive.read(identity_.rules.issuer, place_, settings_->tokens.key_set_bytes_max);
  if (!stored) return {false, "the copy of its keys is not used: " + stored.error()};
  if (stored->text.empty()) return {};
  const std::int64_t age_ms = now.wall_ms - stored->fetched_at_ms;
  if (age_ms < -kClockToleranceMs) {
    return {false, "the copy of its keys is not used: it was made in the future"};
  }
  if (age_ms >= settings_->issuer.keys_stale_max_s * 1000) {
    return {false, "the copy of its keys is not used: it is " + age_text(age_ms) + " old"};
  }
  auto set = jose::parse_key_set(stored->text, settings_->tokens);
  if (!set) return {false, "the copy of its keys is not used: " + set.error()};
  const std::int64_t lived_ms = std::max<std::int64_t>(0, age_ms);
  text_ = stored->text;
  good_at_ms_ = now.steady_ms() - lived_ms;
  {
    const std::lock_guard lock(mutex_);
    healthy_at_us_ = now.steady_us - lived_ms * 1000;
    health_.last_success_s = stored->fetched_at_ms / 1000;
  }
  const std::string summary = summary_of(*set);
  install(std::make_shared<const jose::KeySet>(std::move(*set)));
  return {true, "a copy of " + age_text(lived_ms) + " ago, " + summary};
}

void KeySource::use(KeySettings settings) {
  if (identity_.source == plan::KeySource::kNone) return;
  settings_ = std::make_shared<const KeySettings>(std::move(settings));
  retired_ = false;
  const bool first = !std::exchange(used_, true);
  if (!recalled_.detail.empty()) report(recalled_.ok, std::exchange(recalled_.detail, {}));
  if ((first || identity_.source == plan::KeySource::kFile) && !fetching_) begin();
  if (refreshing_ || identity_.source == plan::KeySource::kDevelopment) return;
  refreshing_ = true;
  net::spawn(refresh_for_ever(shared_from_this()));
}

Asking<Unit> KeySource::wait_for(net::Loop& loop, std::int64_t deadline_ms) {
  auto begin = [self = shared_from_this()](const Reply<Unit>& reply) {
    const std::uint64_t generation = self->slot_->generation();
    self->surroundings_->network.loop().post([self, reply, generation] { self->ask(reply, generation); });
  };
  return {loop, deadline_ms, Unit{}, std::move(begin)};
}

void KeySource::ask(const Reply<Unit>& reply, std::uint64_t seen_generation) {
  const bool may_fetch = !stopping_ && surroundings_->network.loop().now_ms() >= not_before_ms_;
  const bool changed = slot_->generation() != seen_generation;
  if (changed || (!fetching_ && !may_fetch)) {
    // Fetched a moment ago: what is there is all there is.
    return reply.say({});
  }
  waiting_.push_back(reply);
  {
    const std::lock_guard lock(mutex_);
    health_.waiting = static_cast<std::uint32_t>(waiting_.size());
  }
  if (!fetching_) begin();
}

void KeySource::begin() {
  fetching_ = true;
  net::spawn(fetch(shared_from_this(), settings_));
}

net::Task<void> KeySource::fetch(std::shared_ptr<KeySource> self, Settings settings) {
  auto outcome = co_await load(settings);
  self->finish(settings, std::move(outcome));
}

void KeySource::finish(const Settings& settings, Outcome outcome) {
  fetching_ = false;
  {
    const std::lock_guard lock(mutex_);
    ++health_.fetches;
    health_.waiting = 0;
  }
  if (outcome) {
    take(settings, std::move(*outcome));
  } else {
    fail(outcome.error());
  }
  give_up_if_stale();
  for (const Reply<Unit>& reply : std::exchange(waiting_, {})) reply.say({});
}

void KeySource::take(const Settings& settings, Fetched fetched) {
  const bool changed = fetched.text != text_ || !slot_->get();
  std::shared_ptr<jose::KeySet> keys;
  if (changed) {
    auto set = jose::read_key_set(fetched.text, settings->tokens);
    if (!set) return fail({KeyFailure::kKeySet, set.error()});
    keys = std::make_shared<jose::KeySet>(std::move(*set));
  }
  const Now& now = surroundings_->network.loop().now();
  good_at_ms_ = now.steady_ms();
  not_before_ms_ = now.steady_ms() + kRefreshMinMs;
  // Not so late that the set would be given up meanwhile.
  refresh_at_ms_ =
      now.steady_ms() + std::min(fetched.lifetime_ms, settings->issuer.keys_stale_max_s * 1000 / 2);
  {
    const std::lock_guard lock(mutex_);
    healthy_at_us_ = now.steady_us;
    health_.last_success_s = now.wall_s();
  }
  text_ = std::move(fetched.text);
  if (comes_by_network(identity_))
    surroundings_->archive.keep({identity_.rules.issuer, place_, now.wall_ms, text_});
  if (!changed) {
    if (std::exchange(failures_in_a_row_, 0) > 0) report(true, "the same keys as before");
    return;
  }
  const std::string summary = summary_of(*keys);
  if (keys->keys.empty()) {
    // The issuer's word: what it had is not its own any more.
    install(nullptr);
    return fail({KeyFailure::kKeySet, "the key set holds no usable key: " + summary});
  }
  failures_in_a_row_ = 0;
  install(std::move(keys));
  report(true, summary);
}

void KeySource::fail(const Failure& failure) {
  const std::int64_t now_ms = surroundings_->network.loop().now_ms();
  std::int64_t pause_ms = kRetryMs;
  for (std::uint32_t i = 0; i < failures_in_a_row_ && pause_ms < kRetryMaxMs; ++i) pause_ms *= 2;
  ++failures_in_a_row_;
  not_before_ms_ = now_ms + kRetryMs;
  refresh_at_ms_ = now_ms + std::min(pause_ms, kRetryMaxMs);
  {
    const std::lock_guard lock(mutex_);
    ++health_.failures[static_cast<std::size_t>(failure.kind)];
  }
  report(false, failure.detail);
}

void KeySource::install(std::shared_ptr<const jose::KeySet> keys) {
  {
    const std::lock_guard lock(mutex_);
    health_.keys = keys ? keys->keys.size() : 0;
    health_.refused = keys ? keys->refused.size() : 0;
  }
  slot_->install(std::move(keys));
}

std::int64_t KeySource::stale_at_ms() const {
  if (identity_.source == plan::KeySource::kDevelopment || !slot_->get()) return INT64_MAX;
  return good_at_ms_ + settings_->issuer.keys_stale_max_s * 1000;
}

void KeySource::give_up_if_stale() {
  const std::int64_t now_ms = surroundings_->network.loop().now_ms();
  if (now_ms < stale_at_ms()) return;
  install(nullptr);
  text_.clear();
  report(false, "its keys are " + age_text(now_ms - good_at_ms_) + " old and are no longer used");
}

// Looks often enough that a source that nobody needs any more is gone soon.
net::Task<void> KeySource::refresh_for_ever(std::shared_ptr<KeySource> self) {
  net::Loop& loop = surroundings_->network.loop();
  while (!self->stopping_ && !self->retired_) {
    const std::int64_t look_again_ms =
        std::min(loop.now_ms() + kRetryMs, std::max(stale_at_ms(), loop.now_ms() + 1));
    const std::int64_t at_ms = fetching_ ? look_again_ms : std::min(look_again_ms, refresh_at_ms_);
    co_await loop.sleep_until(at_ms);
    if (stopping_ || retired_) break;
    give_up_if_stale();
    if (loop.now_ms() >= refresh_at_ms_ && !fetching_) begin();
  }
  refreshing_ = false;
}

net::Task<KeySource::Outcome> KeySource::load(Settings settings) {
  const plan::Issuer& issuer = settings->issuer;
  if (issuer.source == plan::KeySource::kDevelopment)
    co_return Fetched{surroundings_->development_keys, kRefreshBackgroundMs};
  if (issuer.source == plan::KeySource::kFile) {
    auto text = store::read_file(issuer.keys_file, settings->tokens.key_set_bytes_max);
    if (!text) co_return Err(Failure{KeyFailure::kFile, text.error()});
    co_return Fetched{std::move(*text), kRefreshBackgroundMs};
  }
  if (issuer.source == plan::KeySource::kUrl) co_return co_await get(settings, issuer.keys_url);
  auto document = co_await get(settings, issuer.keys_url);
  if (!document) co_return document;
  auto metadata =
      read_metadata(document->text, issuer.rules.issuer, issuer.allow_internal_addresses, settings->tokens);
  const std::string place = issuer.keys_url.text();
  if (!metadata) co_return Err(Failure{KeyFailure::kDiscovery, place + ": " + metadata.error()});
  const auto& location = metadata->at(Endpoint::kKeys);
  if (!location)
    co_return Err(Failure{KeyFailure::kDiscovery, place + ": the discovery document has no jwks_uri"});
  co_return co_await get(settings, *location);
}

net::Task<KeySource::Outcome> KeySource::get(Settings settings, uri::Url url) {
  net::Network& network = surroundings_->network;
  auto request = request_to(settings->issuer, std::move(url), settings->tokens,
                            network.loop().now_ms() + settings->need_ms);
  if (!request) co_return Err(Failure{kind_of(request.error().error), request.error().detail});
  auto answer = co_await upstream::fetch_json(network, std::move(*request));
  if (!answer) co_return Err(Failure{kind_of(answer.error().error), answer.error().detail});
  Fetched fetched;
  fetched.text = std::move(answer->body);
  if (answer->fresh_s) {
    fetched.lifetime_ms =
        std::clamp(*answer->fresh_s * 1000, kRefreshBackgroundMinMs, kRefreshBackgroundMaxMs);
  }
  co_return fetched;
}

void KeySource::report(bool ok, std::string detail) const {
  surroundings_->report({identity_.rules.issuer, ok, slot_->get() != nullptr, std::move(detail)});
}

}  // namespace caponier::fetch
