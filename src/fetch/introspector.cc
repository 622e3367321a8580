#include "fetch/introspector.h"

#include <algorithm>
#include <utility>

#include "jose/token.h"
#include "upstream/http_client.h"

namespace caponier::fetch {

using Outcome = stages::Introspection::Outcome;

namespace {

constexpr std::string_view kPlainAnswer = "application/json";
constexpr std::string_view kSignedAnswer = "application/token-introspection+jwt";
constexpr std::int64_t kIntrospectionKeysMs = 2'000;  // for which an answer waits for the key that signed it

Introspector::Answer unavailable() {
  return std::make_shared<const stages::Introspection>();
}

}  // namespace

Introspector::Introspector(net::Network& network, std::shared_ptr<IssuerClient> client,
                           std::shared_ptr<KeySource> keys, std::function<void(const KeyEvent&)> report)
    : network_(network), client_(std::move(client)), keys_(std::move(keys)), report_(std::move(report)) {}

Asking<Introspector::Answer> Introspector::ask(net::Loop& loop, std::string_view token,
                                               std::int64_t deadline_ms) {
  auto begin = [self = shared_from_this(), token = std::string(token)](const Reply<Answer>& reply) {
    self->network_.loop().post([self, token, reply]() mutable { self->take(std::move(token), reply); });
  };
  return {loop, deadline_ms, unavailable(), std::move(begin)};
}

void Introspector::take(std::string token, const Reply<Answer>& reply) {
  forget_old();
  const auto found = questions_.find(token);
  if (found != questions_.end()) {
    if (found->second.answer) return reply.say(found->second.answer);
    found->second.waiting.push_back(reply);
    return;
  }
  const bool pause = network_.loop().now_ms() < not_before_ms_;
  const std::size_t under_way = questions_.size() - answered_.size();
  if (pause || under_way >= kIntrospectionsMax) return reply.say(unavailable());
  questions_[token].waiting.push_back(reply);
  net::spawn(introspect(shared_from_this(), std::move(token)));
}

void Introspector::forget_old() {
  const std::int64_t now_ms = network_.loop().now_ms();
  while (!answered_.empty()) {
    const auto oldest = questions_.find(answered_.front());
    if (answered_.size() <= kJustAnsweredMax && now_ms < oldest->second.until_ms) return;
    questions_.erase(oldest);
    answered_.pop_front();
  }
}

net::Task<void> Introspector::introspect(std::shared_ptr<Introspector> self, std::string token) {
  auto text = co_await post(token);
  Answer answer = unavailable();
  if (!text) {
    if (is_away(text.error().error)) not_before_ms_ = network_.loop().now_ms() + kIntrospectionPauseMs;
    self->tell(false, text.error().detail);
  } else {
    // The issuer may have begun to sign with another key.
    if (!has_key_of(*text)) {
      auto waiting = keys_->wait_for(network_.loop(), network_.loop().now_ms() + kIntrospectionKeysMs);
      co_await waiting;
    }
    std::string wrong;
    answer = read(*text, wrong);
    self->tell(wrong.empty(), wrong.empty() ? "answers" : wrong);
  }
  self->finish(std::move(token), answer);
}

// Those who found nothing kept, and have not asked yet, are answered as well: as long as it holds.
void Introspector::finish(std::string token, const Answer& answer) {
  const auto found = questions_.find(token);
  for (const Reply<Answer>& reply : std::exchange(found->second.waiting, {})) reply.say(answer);
  const net::Loop& loop = network_.loop();
  if (answer->until_s - loop.now().wall_s() <= kJustAnsweredMs / 1000) {
    questions_.erase(found);
    return;
  }
  found->second.answer = answer;
  found->second.until_ms = loop.now_ms() + kJustAnsweredMs;
  answered_.push_back(std::move(token));
  if (!std::exchange(forgetting_, true)) net::spawn(forget_in_time(shared_from_this()));
}

// Also where nobody asks any more.
net::Task<void> Introspector::forget_in_time(std::shared_ptr<Introspector> self) {
  while (!self->answered_.empty()) {
    co_await network_.loop().sleep_until(self->questions_.at(self->answered_.front()).until_ms);
    self->forget_old();
  }
  self->forgetting_ = false;
}

net::Task<Fetched<std::string>> Introspector::post(std::string token) {
  auto place = co_await where();
  if (!place) co_return Err(place.error());
  const std::string where = place->text();
  std::string form;
  append_parameter(form, "token", token);
  append_parameter(form, "token_type_hint", "access_token");
  const std::string_view accept = how().signed_answers ? kSignedAnswer : kPlainAnswer;
  auto answer = co_await client_->ask(std::move(*place), std::move(form), accept);
  if (!answer) co_return Err(answer.error());
  if (answer->status == 200) co_return std::move(answer->body);
  co_return Err(upstream::FetchFailure{upstream::FetchError::kStatus,
                                       where + ": answered with " + std::to_string(answer->status)});
}

net::Task<Fetched<uri::Url>> Introspector::where() {
  if (how().url) co_return *how().url;
  co_return co_await client_->place_of(Endpoint::kIntrospection);
}

bool Introspector::has_key_of(const std::string& text) const {
  if (!how().signed_answers) return true;
  const auto answer = jose::parse_introspection(text, client_->limits());
  if (!answer) return true;  // what it is none of, no key makes one
  const auto keys = keys_->slot()->get();
  return keys && keys->find(answer->key_id, answer->algorithm) != nullptr;
}

// RFC 9701: what is not signed by the issuer, for this client and now, was said by nobody.
Result<jose::Introspected, jose::TokenError> Introspector::judge(const std::string& text) const {
  if (!how().signed_answers) return jose::read_introspection(text, client_->limits());
  const plan::Issuer& issuer = client_->issuer();
  const auto answer = jose::parse_introspection(text, client_->limits());
  if (!answer) return Err(answer.error());
  const auto keys = keys_->slot()->get();
  const jose::VerificationKey* key = keys ? keys->find(answer->key_id, answer->algorithm) : nullptr;
  if (key == nullptr) return Err(jose::TokenError::kUnknownKey);
  if (const auto error = jose::verify_signature(*answer, issuer.rules.algorithms, *key)) return Err(*error);
  const std::string_view client = issuer.client ? std::string_view(issuer.client->id) : std::string_view();
  const jose::IntrospectionRules rules{issuer.rules.issuer, client, issuer.rules.leeway_s};
  return jose::read_introspection(*answer, rules, network_.loop().now().wall_s(), client_->limits());
}

// `wrong` is set where the issuer's answer is none.
Introspector::Answer Introspector::read(const std::string& text, std::string& wrong) const {
  const std::int64_t now_s = network_.loop().now().wall_s();
  auto said = judge(text);
  auto answer = std::make_shared<stages::Introspection>();
  if (!said) {
    wrong = std::string("the answer is not one of RFC ") + (how().signed_answers ? "9701: " : "7662: ") +
            std::string(jose::name(said.error()));
    return answer;
  }
  if (!said->active) {
    answer->outcome = Outcome::kInactive;
    answer->until_s = now_s + how().negative_cache_s;
    return answer;
  }
  jose::Claims claims = std::move(said->claims);
  // RFC 7662 lets most be left out. The one who was asked is the issuer then, and what is said holds for as
  // long as it is used again.
  if (claims.issuer().empty()) claims.set(jose::Claims::Text::kIssuer, client_->issuer().rules.issuer);
  if (!said->expires) claims.expires_at_s = now_s + std::max<std::int64_t>(1, how().cache_s);
  answer->outcome = Outcome::kActive;
  answer->until_s = std::min(claims.expires_at_s, now_s + how().cache_s);
  answer->claims = std::make_shared<const jose::Claims>(std::move(claims));
  return answer;
}

// Once for each change: a flood of tokens is not a flood of lines.
void Introspector::tell(bool ok, std::string detail) {
  if (ok != failing_) return;
  failing_ = !ok;
  report_({client_->issuer().rules.issuer, ok, ok, "introspection: " + std::move(detail)});
}

}  // namespace caponier::fetch
