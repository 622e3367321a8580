#include "stages/authenticate/bearer.h"

#include <algorithm>
#include <array>

#include "stages/authenticate/attempted.h"
#include "stages/authenticate/authorization.h"
#include "stages/authenticate/credential_name.h"
#include "stages/authenticate/sender.h"
#include "stages/authenticate/verify_token.h"

namespace caponier::stages {
namespace {

// No space and no comma, each looked for by one memchr: find_first_of took half of the time in which a whole
// head is judged.
bool is_one_token(std::string_view text) {
  constexpr std::size_t kNowhere = std::string_view::npos;
  return text.find(' ') == kNowhere && text.find(',') == kNowhere && text.find('\t') == kNowhere;
}

// What the request presents; nothing if it has no token.
Verdict<Authorization> presented_token(const Reading& reading) {
  // A scheme may take both words, or proofs only.
  static constexpr std::array kWords = {plan::kDpopWord, plan::kBearerWord};
  std::size_t taken = 1;
  const auto count = [&taken](std::uint32_t, const plan::Scheme& scheme, const plan::BearerRule&) {
    if (scheme.place.has_word(plan::kBearerWord)) taken = 2;
  };
  reading.for_each<plan::BearerRule>(count);
  auto presented = read_authorization(reading, std::span(kWords).first(taken));
  if (!presented || presented->word.empty()) return presented;
  if (!is_one_token(presented->credential)) {
    return refuse_credential(Reason::kCredentialMalformed, "Authorization does not hold exactly one token");
  }
  if (presented->credential.size() > reading.exchange.plan->limits.tokens.token_bytes_max) {
    return refuse_credential(Reason::kCredentialMalformed, "the token is too long");
  }
  return presented;
}

// The issuers whose tokens the operation takes.
std::span<const std::uint32_t> trusted_issuers(const Reading& reading, std::string_view word) {
  std::size_t count = 0;
  const auto add_size = [&](std::uint32_t, const plan::Scheme& scheme, const plan::BearerRule& rule) {
    if (scheme.place.has_word(word)) count += rule.issuers.size();
  };
  reading.for_each<plan::BearerRule>(add_size);
  const auto issuers = reading.exchange.arena.array<std::uint32_t>(count);
  std::size_t used = 0;
  const auto add = [&](std::uint32_t, const plan::Scheme& scheme, const plan::BearerRule& rule) {
    if (!scheme.place.has_word(word)) return;
    for (const std::uint32_t issuer : rule.issuers) issuers[used++] = issuer;
  };
  reading.for_each<plan::BearerRule>(add);
  return issuers;
}

void name_caller(Reading& reading, VerifiedToken verified) {
  Principal& principal = reading.principal;
  principal.claims = std::move(verified.claims);
  principal.anonymous = false;
  principal.issuer = principal.claims->issuer();
  principal.subject = subject_of(*principal.claims);
  principal.scopes = principal.claims->scopes();
  principal.credential = credential_name(reading.exchange.arena, "token", verified.digest.high);
  principal.credential_hash = verified.identity_hash;
}

// Of a token that was presented.
Verdict<Unit> judge_token(Reading& reading, const Authorization& presented) {
  const auto [word, token] = presented;
  auto verified = verify_token(reading.state, reading.exchange, token, trusted_issuers(reading, word));
  if (!verified) return std::move(verified).refusal<Unit>();
  const jose::Claims& claims = *verified->claims;
  const plan::Issuer& issuer = reading.exchange.plan->issuers[verified->issuer];
  if (auto refused = check_sender(reading, claims, issuer, presented)) return std::move(*refused);
  const std::int64_t until_s = claims.expires_at_s + issuer.rules.leeway_s;
  reading.for_each<plan::BearerRule>(
      [&, word = word](std::uint32_t index, const plan::Scheme& scheme, const plan::BearerRule& rule) {
        if (!scheme.place.has_word(word)) return;
        if (std::ranges::find(rule.issuers, verified->issuer) == rule.issuers.end()) return;
        reading.proofs[index] = {true, claims.scopes(), until_s, Reason::kTokenExpired};
      });
  reading.principal.token = token;
  reading.principal.leeway_s = issuer.rules.leeway_s;
  name_caller(reading, std::move(*verified));
  return Unit{};
}

}  // namespace

Verdict<Unit> read_bearer(Reading& reading) {
  auto presented = presented_token(reading);
  if (!presented) return std::move(presented).refusal<Unit>();
  if (presented->word.empty()) return Unit{};
  auto judged = judge_token(reading, *presented);
  Denial* const denial = judged.denial();
  if (denial != nullptr && entry(denial->reason).status == 401)
    name_attempted_subject(reading, presented->credential, *denial);
  return judged;
}

}  // namespace caponier::stages
