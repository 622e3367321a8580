#include "stages/authenticate/revoked.h"

namespace caponier::stages {

plan::RevocableToken revocable(const jose::Claims& claims, std::string_view token, std::int64_t leeway_s) {
  plan::RevocableToken out;
  out.issuer = claims.issuer();
  out.subject = claims.subject();
  out.client_id = claims.client_id();
  out.authorized_party = claims.text("azp").value_or(std::string_view());
  out.token_id = claims.token_id();
  out.key_id = claims.key_id();
  out.issued_at_s = claims.issued_at_s;
  out.leeway_s = leeway_s;
  out.text = token;
  return out;
}

namespace {

std::optional<Reason> revoked(const Evidence& evidence, const plan::IdentityFacts& facts, std::int64_t now_s,
                              const Sessions* sessions) {
  if (evidence.session && sessions != nullptr && !sessions->find(evidence.session->name))
    return Reason::kSessionEnded;
  if (!evidence.claims) return std::nullopt;
  plan::RevocableToken token = revocable(*evidence.claims, evidence.token, evidence.leeway_s);
  if (evidence.session) token.session_id = evidence.session->id;
  if (facts.revocations->find(token, now_s)) return Reason::kTokenRevoked;
  return std::nullopt;
}

}  // namespace

std::optional<Reason> revoked_since(const Principal& principal, const plan::IdentityFacts& facts,
                                    std::int64_t now_s, const Sessions* sessions) {
  for (const Proof& proof : principal.proofs) {
    if (!proof.holds || proof.key == nullptr) continue;
    const plan::KnownKeyPtr* key = facts.keys->find_id(proof.key->id);
    if (key == nullptr || (*key)->revoked) return Reason::kKeyRevoked;
    if ((*key)->expires_at_s != 0 && now_s >= (*key)->expires_at_s) return Reason::kKeyExpired;
    // Another secret took the place of all that were known when this was proved.
    const bool replaced = (*key)->digest != proof.key->digest && (*key)->previous_until_s != 0;
    if (replaced && now_s >= (*key)->previous_until_s) return Reason::kKeyExpired;
  }
  if (const auto reason = revoked(principal, facts, now_s, sessions)) return reason;
  for (const Evidence& other : principal.beside) {
    if (const auto reason = revoked(other, facts, now_s, sessions)) return reason;
  }
  return std::nullopt;
}

}  // namespace caponier::stages
