#include "stages/authenticate/proof.h"

#include <array>
#include <string>

#include "base/bytes.h"
#include "jose/dpop.h"
#include "jose/thumbprint.h"
#include "stages/authenticate/credential_name.h"
#include "uri/path.h"
#include "uri/url.h"

namespace caponier::stages {
namespace {

// How long a nonce is handed out; it is accepted for as long again.
constexpr std::int64_t kNonceS = 120;

Denial invalid(std::string detail) {
  return refuse_credential(Reason::kProofInvalid, std::move(detail));
}

std::optional<Denial> find_proof(const http::RequestHead& head, const TokenLimits& limits,
                                 std::string_view& proof) {
  const http::Header* found = nullptr;
  for (const http::Header& header : head.headers) {
    if (!equals_ignore_case(header.name, "DPoP")) continue;
    if (found != nullptr) return invalid("more than one DPoP header");
    found = &header;
  }
  if (found == nullptr) return invalid("no DPoP header");
  if (found->value.size() > limits.token_bytes_max) return invalid("the proof is too long");
  proof = found->value;
  return std::nullopt;
}

// Whether `text` names the place that the request went to. Behind a proxy that ends TLS nobody here knows
// which scheme the client wrote.
bool is_target(Exchange& exchange, const Matched& matched, const std::string& text) {
  auto url = uri::parse_url(text);
  if (!url || (exchange.peer->tls && !url->https)) return false;
  const auto place =
      uri::parse_url((url->https ? "https://" : "http://") + std::string(exchange.head->authority) + "/");
  if (!place || place->authority() != url->authority()) return false;
  const auto path = uri::normalize_path(url->path, exchange.arena, exchange.plan->path_semicolons);
  return path && (path->canonical == matched.canonical_path || url->path == exchange.head->path);
}

// 128 bits that nobody can make without the process's key.
std::string nonce_of(const State& state, std::int64_t period) {
  std::string text;
  for (const char part : {'a', 'b'}) {
    const std::uint64_t hash =
        keyed_hash(state.digest_key, std::string("dpop nonce ") + part + std::to_string(period));
    text += to_hex({reinterpret_cast<const char*>(&hash), sizeof hash});
  }
  return text;
}

// RFC 9449, section 9: tells the client what to repeat its request with.
std::optional<Denial> check_nonce(Reading& reading, std::string_view nonce) {
  // By the clock that nobody sets: with the other one set back, old proofs would be of now again.
  const std::int64_t period = reading.exchange.now.steady_us / (kNonceS * 1'000'000);
  const std::string current = nonce_of(reading.state, period);
  if (equals_constant_time(nonce, current) ||
      equals_constant_time(nonce, nonce_of(reading.state, period - 1))) {
    return std::nullopt;
  }
  Denial denial = refuse_credential(Reason::kProofNonceNeeded, "the proof carries no current nonce");
  denial.challenges = reading.exchange.arena.copy(
      "WWW-Authenticate: DPoP realm=\"api\", error=\"use_dpop_nonce\"\r\nDPoP-Nonce: " + current + "\r\n");
  return denial;
}

// A limiter remembers what was used: a bucket of one that is full again when the proof is too old by
// itself.
std::optional<Denial> use_up(const Reading& reading, const jose::DpopProof& proof) {
  const TokenLimits& limits = reading.exchange.plan->limits.tokens;
  const std::string name = "dpop\n" + proof.key_thumbprint + "\n" + proof.id;
  const BucketTake take{keyed_hash(reading.state.digest_key, name), 1,
                        (limits.proof_age_max_s + limits.proof_ahead_max_s + 1) * 1'000'000, 1};
  BucketState bucket;
  switch (reading.state.proofs->take({&take, 1}, {&bucket, 1}, reading.exchange.now.steady_us)) {
    case Taken::kYes:
      return std::nullopt;
    case Taken::kNo:
      return refuse_credential(Reason::kProofReplayed, "the proof was used before");
    case Taken::kTableFull:
      break;
  }
  return refuse_credential(Reason::kLimiterFull, "no room to remember the proof");
}

}  // namespace

std::optional<Denial> check_proof(Reading& reading, const plan::Issuer& issuer, std::string_view thumbprint,
                                  std::string_view token) {
  Exchange& exchange = reading.exchange;
  const TokenLimits& limits = exchange.plan->limits.tokens;
  std::string_view text;
  if (auto refused = find_proof(*exchange.head, limits, text)) return refused;
  const auto proof = jose::verify_dpop_proof(text, limits);
  if (!proof) return invalid(std::string(jose::name(proof.error())));
  if (!equals_constant_time(proof->key_thumbprint, thumbprint))
    return refuse_credential(Reason::kTokenNotSenders, "the proof is of another key than the token's");
  if (!equals_constant_time(proof->token_digest, jose::sha256_base64url(token)))
    return invalid("ath is not the token's");
  if (proof->method != exchange.head->method_text) return invalid("htm is not the request's method");
  if (!is_target(exchange, reading.matched, proof->uri)) return invalid("htu is not the request's target");
  const std::int64_t now_s = exchange.now.wall_s();
  if (proof->issued_at_s < now_s - limits.proof_age_max_s) return invalid("iat is too old");
  if (proof->issued_at_s > now_s + limits.proof_ahead_max_s) return invalid("iat lies in the future");
  if (issuer.dpop_nonce) {
    if (auto refused = check_nonce(reading, proof->nonce)) return refused;
  }
  return use_up(reading, *proof);
}

}  // namespace caponier::stages
