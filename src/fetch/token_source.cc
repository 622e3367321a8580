#include "fetch/token_source.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/canary.h"
#include "json/document.h"

namespace caponier::fetch {
namespace {

constexpr std::int64_t kSecondMs = 1000;

// What a header can hold (RFC 6750, section 2.1, and whatever else is visible).
bool is_token(std::string_view text, const TokenLimits& limits) {
  return !text.empty() && text.size() <= limits.token_bytes_max &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c > 0x20 || canary("granted-control")) && c < 0x7F; });
}

}  // namespace

Result<GrantedToken, std::string> read_granted(std::string_view json, const TokenLimits& limits) {
  json::Document document;
  const auto root = document.read(json, JsonLimits());
  if (!root || !root->is(json::Kind::kObject)) return Err<std::string>("is not a JSON object");
  const auto token = root->find("access_token");
  if (!token || !token->is(json::Kind::kString) || !is_token(token->string(), limits))
    return Err<std::string>("has no access_token that a header can hold");
  const auto type = root->find("token_type");
  if (!type || !type->is(json::Kind::kString) || !equals_ignore_case(type->string(), "bearer"))
    return Err<std::string>("has another token_type than Bearer");
  GrantedToken granted{std::string(token->string()), kTokenLifetimeUnsaidS};
  const auto lifetime_s = read_expires_in(*root);
  if (!lifetime_s) return Err(lifetime_s.error());
  if (*lifetime_s) granted.lifetime_s = std::min(**lifetime_s, kTokenLifetimeMaxS);
  return granted;
}

Result<std::optional<std::int64_t>, std::string> read_expires_in(json::Value answer) {
  constexpr std::int64_t kLongestS = 366LL * 24 * 3600;
  const auto said = answer.find("expires_in");
  if (!said) return std::optional<std::int64_t>();
  std::int64_t seconds = 0;
  if (said->is(json::Kind::kNumber) && said->is_integer()) seconds = said->integer();
  if (said->is(json::Kind::kString)) {
    const auto number = parse_decimal(said->string());
    if (number && *number <= static_cast<std::uint64_t>(INT64_MAX))
      seconds = static_cast<std::int64_t>(*number);
  }
  if (seconds < 1) return Err<std::string>("has an expires_in that is no time to come");
  return std::optional<std::int64_t>(std::min(seconds, kLongestS));
}

TokenSource::TokenSource(net::Network& network, std::shared_ptr<IssuerClient> client, plan::Upstream upstream,
                         const DigestKey& key, Report report)
    : network_(network),
      client_(std::move(client)),
      rule_(*upstream.token),
      upstream_(upstream.label()),
      digest_key_(key),
      report_(std::move(report)) {}

bool TokenSource::serves(const plan::Upstream& upstream) const {
  return upstream.token && upstream.label() == upstream_ && upstream.token->exchange == rule_.exchange &&
         upstream.token->form == rule_.form && upstream.token->issuer.client == rule_.issuer.client &&
         upstream.token->issuer.rules.issuer == rule_.issuer.rules.issuer &&
         upstream.token->issuer.ca_file == rule_.issuer.ca_file &&
         upstream.token->issuer.allow_internal_addresses == rule_.issuer.allow_internal_addresses;
}

Digest128 TokenSource::key_of(std::string_view subject) const {
  return subject.empty() ? Digest128() : keyed_digest(digest_key_, subject);
}

UpstreamToken TokenSource::take(std::string_view subject, std::int64_t now_ms) {
  const Digest128 key = key_of(subject);
  UpstreamToken token;
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end() || now_ms >= found->second->until_ms) return nullptr;
    kept_.splice(kept_.begin(), kept_, found->second);
    Kept& kept = kept_.front();
    token = kept.token;
    if (token == nullptr || now_ms < kept.renew_ms || std::exchange(kept.renewing, true)) return token;
  }
  // The first that sees its end coming asks for the next, and nobody waits for it.
  network_.loop().post([self = shared_from_this(), subject = std::string(subject)]() mutable {
    self->renew(std::move(subject));
  });
  return token;
}

Asking<UpstreamToken> TokenSource::ask(net::Loop& loop, std::string_view subject, std::int64_t deadline_ms) {
  auto begin = [self = shared_from_this(),
                subject = std::string(subject)](const Reply<UpstreamToken>& reply) {
    self->network_.loop().post([self, subject, reply]() mutable { self->accept(std::move(subject), reply); });
  };
  return {loop, deadline_ms, UpstreamToken(), std::move(begin)};
}

void TokenSource::accept(std::string subject, const Reply<UpstreamToken>& reply) {
  const auto found = under_way_.find(subject);
  if (found != under_way_.end()) {
    found->second.push_back(reply);
    return;
  }
  const std::int64_t now_ms = network_.loop().now_ms();
  UpstreamToken token;
  bool settled = now_ms < not_before_ms_ || under_way_.size() >= kTokenRequestsMax;
  {
    // It may have come, or have been refused, while this was on its way.
    const std::lock_guard lock(mutex_);
    const auto kept = by_key_.find(key_of(subject));
    if (kept != by_key_.end() && now_ms < kept->second->until_ms) {
      token = kept->second->token;
      settled = true;
    }
  }
  if (settled) return reply.say(token);
  under_way_[subject].push_back(reply);
  begin(std::move(subject));
}

void TokenSource::renew(std::string subject) {
  if (under_way_.contains(subject)) return;
  if (network_.loop().now_ms() < not_before_ms_ || under_way_.size() >= kTokenRequestsMax) {
    const std::lock_guard lock(mutex_);
    const auto kept = by_key_.find(key_of(subject));
    if (kept != by_key_.end()) kept->second->renewing = false;
    return;
  }
  under_way_[subject];
  begin(std::move(subject));
}

void TokenSource::begin(std::string subject) {
  net::spawn(fetch(shared_from_this(), std::move(subject)));
}

net::Task<void> TokenSource::fetch(std::shared_ptr<TokenSource> self, std::string subject) {
  auto granted = co_await post(subject);
  self->requests_.fetch_add(1, std::memory_order_relaxed);
  const std::int64_t now_ms = network_.loop().now_ms();
  const Digest128 key = self->key_of(subject);
  Kept kept;
  kept.key = key;
  kept.since_ms = now_ms;
  if (granted) {
    const std::int64_t lifetime_ms = granted->lifetime_s * kSecondMs;
    kept.token = std::make_shared<const Secret>(std::move(granted->text));
    kept.renew_ms = now_ms + lifetime_ms * 3 / 4;
    // On its way to the upstream it must not end.
    kept.until_ms = now_ms + lifetime_ms - std::min(lifetime_ms / 10, 5 * kSecondMs);
  } else {
    self->failures_.fetch_add(1, std::memory_order_relaxed);
    const bool away = is_away(granted.error().error);
    if (away) self->not_before_ms_ = now_ms + kTokenPauseMs;
    kept.until_ms = now_ms + (away ? kTokenPauseMs : kTokenRefusedMs);
  }
  const UpstreamToken token = kept.token;
  self->keep(key, std::move(kept));
  self->tell(granted.ok(), granted ? "grants" : granted.error().detail);
  self->finish(subject, token);
}

net::Task<Fetched<GrantedToken>> TokenSource::post(std::string subject) {
  auto place = co_await client_->place_of(Endpoint::kToken);
  if (!place) co_return Err(place.error());
  const std::string where = place->text();
  std::string form = rule_.form;
  if (rule_.exchange) append_parameter(form, "subject_token", subject);
  auto answer = co_await client_->post(std::move(*place), std::move(form));
  if (!answer) co_return Err(answer.error());
  if (answer->status != 200) {
    co_return Err(upstream::FetchFailure{upstream::FetchError::kStatus,
                                         where + ": answered with " + std::to_string(answer->status)});
  }
  auto granted = read_granted(answer->body, client_->limits());
  wipe(answer->body);
  if (!granted) {
    co_return Err(
        upstream::FetchFailure{upstream::FetchError::kProtocol, where + ": the answer " + granted.error()});
  }
  co_return std::move(*granted);
}

// A failure takes the place of nothing that still holds.
void TokenSource::keep(const Digest128& key, Kept kept) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    Kept& before = *found->second;
    if (kept.token == nullptr && before.token != nullptr && kept.since_ms < before.until_ms) {
      before.renewing = false;
      before.renew_ms = kept.until_ms;
    } else {
      before = std::move(kept);
    }
    return;
  }
  kept_.push_front(std::move(kept));
  by_key_[key] = kept_.begin();
  if (kept_.size() <= kUpstreamTokensMax) return;
  by_key_.erase(kept_.back().key);
  kept_.pop_back();
}

void TokenSource::finish(const std::string& subject, const UpstreamToken& token) {
  const auto found = under_way_.find(subject);
  const auto replies = std::move(found->second);
  under_way_.erase(found);
  for (const Reply<UpstreamToken>& reply : replies) reply.say(token);
}

void TokenSource::refused(std::string_view subject, const UpstreamToken& token, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key_of(subject));
  if (found == by_key_.end() || found->second->token != token) return;
  if (now_ms - found->second->since_ms >= kTokenTrustedMs) found->second->until_ms = now_ms;
}

TokenHealth TokenSource::health() const {
  return {upstream_, requests_.load(std::memory_order_relaxed), failures_.load(std::memory_order_relaxed)};
}

// Once for each change.
void TokenSource::tell(bool ok, const std::string& sentence) {
  if (ok != failing_) return;
  failing_ = !ok;
  report_(ok, "token for upstream " + upstream_ + " of " + client_->issuer().rules.issuer + ": " + sentence);
}

}  // namespace caponier::fetch
