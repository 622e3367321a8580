#include "fetch/id_token.h"

#include <utility>

#include "json/document.h"

namespace caponier::fetch {
namespace {

constexpr std::int64_t kKeyWaitMs = 3'000;
constexpr std::string_view kLogoutEvent = "http://schemas.openid.net/event/backchannel-logout";

std::string sentence(jose::TokenError error) {
  return "it is not valid: " + std::string(jose::name(error));
}

NotTaken not_taken(jose::TokenError error) {
  return {sentence(error)};
}

std::string text_of(const jose::Claims& claims, std::string_view name) {
  return std::string(claims.text(name).value_or(""));
}

// The event that makes a token one of a logout, and which only those have.
bool is_logout(const std::string& payload, const TokenLimits& limits) {
  JsonLimits json_limits;
  json_limits.bytes_max = limits.token_bytes_max;
  json::Document document;
  const auto root = document.read(payload, json_limits);
  if (!root || !root->is(json::Kind::kObject) || root->find("nonce")) return false;
  const auto events = root->find("events");
  if (!events || !events->is(json::Kind::kObject)) return false;
  const auto event = events->find(kLogoutEvent);
  return event && event->is(json::Kind::kObject);
}

}  // namespace

net::Task<std::optional<NotTaken>> TokenJudge::wrong_signature(const jose::UnverifiedToken& token) {
  for (int round = 0; round < 2; ++round) {
    const auto keys = keys_.slot()->get();
    const jose::VerificationKey* key = keys ? keys->find(token.key_id, token.algorithm) : nullptr;
    if (key != nullptr) {
      const auto wrong = jose::verify_signature(token, issuer_.rules.algorithms, *key);
      if (wrong) co_return not_taken(*wrong);
      co_return std::nullopt;
    }
    if (round == 0) {
      net::Loop& loop = network_.loop();
      auto waiting = keys_.wait_for(loop, loop.now_ms() + kKeyWaitMs);
      co_await waiting;
    }
  }
  if (keys_.slot()->get() == nullptr)
    co_return NotTaken{"the issuer's keys cannot be had", NotTaken::Fault::kNoKeys};
  co_return NotTaken{"it is signed with a key that the issuer does not have", NotTaken::Fault::kUnknownKey};
}

Result<jose::Claims, NotTaken> TokenJudge::claims_of(const jose::UnverifiedToken& token) const {
  auto claims = jose::read_claims(token, limits_);
  if (!claims) return Err(not_taken(claims.error()));
  const std::int64_t now_s = network_.loop().now().wall_s();
  if (const auto wrong = jose::check_claims(*claims, issuer_.rules, now_s)) return Err(not_taken(*wrong));
  const std::string& client = issuer_.client->id;
  if (!claims->has_audience(client)) return Err(not_taken(jose::TokenError::kWrongAudience));
  const std::string party = text_of(*claims, "azp");
  if (claims->audiences().size() > 1 && party != client)
    return Err(NotTaken{"it is meant for several, and not issued to this client"});
  if (!party.empty() && party != client) return Err(NotTaken{"it was issued to another client"});
  return std::move(*claims);
}

net::Task<Result<jose::Claims, NotTaken>> TokenJudge::id_token(std::string text, std::string nonce) {
  auto parsed = jose::parse_token(text, limits_);
  if (!parsed) co_return Err(not_taken(parsed.error()));
  auto wrong = co_await wrong_signature(*parsed);
  if (wrong) co_return Err(std::move(*wrong));
  auto claims = claims_of(*parsed);
  if (!claims) co_return claims;
  if (claims->subject().empty()) co_return Err(NotTaken{"it does not say who logged in"});
  if (!nonce.empty() && claims->text("nonce") != nonce)
    co_return Err(NotTaken{"it belongs to another login"});
  co_return std::move(*claims);
}

net::Task<Result<LogoutToken, NotTaken>> TokenJudge::logout_token(std::string text) {
  // Of any `typ`: issuers write "logout+jwt", or none.
  auto parsed = jose::parse_signed_text(text, limits_);
  if (!parsed) co_return Err(not_taken(parsed.error()));
  auto wrong = co_await wrong_signature(*parsed);
  if (wrong) co_return Err(std::move(*wrong));
  if (!is_logout(parsed->payload, limits_)) co_return Err(NotTaken{"it is none of a logout"});
  auto claims = claims_of(*parsed);
  if (!claims) co_return Err(claims.error());
  LogoutToken token{std::string(claims->subject()), text_of(*claims, "sid"), claims->issued_at_s};
  if (token.subject.empty() && token.provider_session.empty())
    co_return Err(NotTaken{"it names neither a subject nor a session"});
  if (token.issued_at_s == 0 || claims->token_id().empty())
    co_return Err(NotTaken{"it has no iat or no jti"});
  co_return std::move(token);
}

Result<jose::Claims, std::string> kept_claims(std::string_view id_token, const TokenLimits& limits) {
  auto parsed = jose::parse_token(id_token, limits);
  if (!parsed) return Err(sentence(parsed.error()));
  auto claims = jose::read_claims(*parsed, limits);
  if (!claims) return Err(sentence(claims.error()));
  return std::move(*claims);
}

}  // namespace caponier::fetch
