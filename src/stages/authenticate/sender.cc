#include "stages/authenticate/sender.h"

#include "base/bytes.h"
#include "stages/authenticate/proof.h"

namespace caponier::stages {
namespace {

bool is_bound_as_it_must(const jose::Confirmation confirmation, plan::TokenBinding binding) {
  switch (binding) {
    case plan::TokenBinding::kIfBound:
      return true;
    case plan::TokenBinding::kRequired:
      return confirmation.binds();
    case plan::TokenBinding::kCertificate:
      return !confirmation.certificate_digest.empty();
    case plan::TokenBinding::kDpop:
      return !confirmation.key_thumbprint.empty();
  }
  return false;
}

Denial not_senders(std::string detail) {
  return refuse_credential(Reason::kTokenNotSenders, std::move(detail));
}

}  // namespace

std::optional<Denial> check_sender(Reading& reading, const jose::Claims& claims, const plan::Issuer& issuer,
                                   const Authorization& presented) {
  const jose::Confirmation& confirmation = claims.confirmation();
  const bool by_proof = presented.word == plan::kDpopWord;
  // Most tokens, most of the time.
  if (!confirmation.binds() && issuer.binding == plan::TokenBinding::kIfBound && !by_proof)
    return std::nullopt;
  if (!is_bound_as_it_must(confirmation, issuer.binding)) {
    return refuse_credential(Reason::kTokenUnbound,
                             "tokens of this issuer must be bound: " + std::string(name(issuer.binding)));
  }
  if (confirmation.unknown) return not_senders("the token is bound in a way that is not known here");
  if (!confirmation.certificate_digest.empty()) {
    const CertificateNames* client = reading.exchange.peer->client.get();
    if (client == nullptr) return not_senders("the connection has no client certificate");
    if (!equals_constant_time(client->digest, to_hex(confirmation.certificate_digest)))
      return not_senders("the token is bound to another certificate");
  }
  // RFC 9449, section 7.1: the word and the token must agree, lest a stolen token be sent as anybody's.
  if (confirmation.key_thumbprint.empty() && !by_proof) return std::nullopt;
  if (!by_proof) return not_senders("the token is bound to a key, and was sent without proof of it");
  if (confirmation.key_thumbprint.empty()) return not_senders("the token is bound to no key");
  return check_proof(reading, issuer, confirmation.key_thumbprint, presented.credential);
}

}  // namespace caponier::stages
