// For tests of what a caller must show besides a token: an API with one operation for each way, and clients
// with keys and certificates of their own.
#pragma once

#include <string>
#include <string_view>

#include "jose/test_keys.h"
#include "jose/thumbprint.h"
#include "stages/authenticate/authenticate.h"
#include "stages/match/match.h"
#include "stages/test_world.h"

namespace caponier::stages {

inline constexpr std::string_view kIdentityContract = R"(openapi: 3.1.0
info: {title: Identity, version: '1'}
servers: [{url: /v1}]
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
    strict: {type: http, scheme: bearer}
    proof: {type: http, scheme: DPoP}
    service: {type: mutualTLS}
    partner: {type: mutualTLS}
paths:
  /any: {get: {security: [{bearer: []}], responses: {'200': {description: ok}}}}
  /strict: {get: {security: [{strict: []}], responses: {'200': {description: ok}}}}
  /proof:
    get: {security: [{proof: []}], responses: {'200': {description: ok}}}
    post: {security: [{proof: []}], responses: {'200': {description: ok}}}
  /service: {get: {security: [{service: []}], responses: {'200': {description: ok}}}}
  /partner: {get: {security: [{partner: []}], responses: {'200': {description: ok}}}}
  /choice: {get: {security: [{bearer: [transfer]}, {service: []}], responses: {'200': {description: ok}}}}
  /both: {get: {security: [{bearer: [], service: []}], responses: {'200': {description: ok}}}}
  /class: {get: {security: [{bearer: []}], x-caponier: {step_up: {acr: [gold, silver]}}, responses: {'200': {description: ok}}}}
  /factor: {get: {security: [{bearer: []}], x-caponier: {step_up: {amr: [mfa, hwk]}}, responses: {'200': {description: ok}}}}
  /telephone: {get: {security: [{bearer: []}], x-caponier: {step_up: {amr: [sms]}}, responses: {'200': {description: ok}}}}
  /fresh: {get: {security: [{bearer: []}], x-caponier: {step_up: {max_age: 10m}}, responses: {'200': {description: ok}}}}
)";

inline std::string identity_config(std::string_view strict_issuer = "bound_tokens: required") {
  return R"(contract: openapi.yaml
upstream: {url: 'http://orders.internal:9000'}
hosts: [api.example.com]
listeners: [{listen: 'https://127.0.0.1:8443', client_certificates: {mode: optional, ca: ca.pem}}]
issuers:
  - {issuer: 'https://login.example/', audiences: [orders], jwks_file: keys.json}
  - {issuer: 'https://strict.example/', audiences: [orders], jwks_file: keys.json, )" +
         std::string(strict_issuer) + R"(}
security_schemes:
  bearer: {issuer: 'https://login.example/'}
  strict: {issuer: 'https://strict.example/'}
  proof: {issuer: 'https://login.example/'}
  partner: {client_certificate: {identity: uri, allow: ['spiffe://partner.example/*', 'spiffe://one.example/a']}}
)";
}

// Somebody with a key, who makes proofs with it.
class Sender {
 public:
  [[nodiscard]] std::string thumbprint() const {
    json::Document document;
    return jose::jwk_thumbprint(*document.read(jwk_, JsonLimits{})).value_or("");
  }
  // Of a request to `uri`; `more` are members of the payload.
  [[nodiscard]] std::string proof(std::string_view token, std::string_view uri, std::string_view id = "id-1",
                                  std::string_view more = "", std::int64_t issued_at_s = kNowS,
                                  std::string_view method = "GET") const {
    const std::string header = R"({"typ":"dpop+jwt","alg":"ES256","jwk":)" + jwk_ + "}";
    const std::string payload = R"({"jti":")" + std::string(id) + R"(","htm":")" + std::string(method) +
                                R"(","htu":")" + std::string(uri) + R"(","iat":)" +
                                std::to_string(issued_at_s) + R"(,"ath":")" + jose::sha256_base64url(token) +
                                "\"" + std::string(more) + "}";
    return "DPoP: " + jose::test::make_token(key_.get(), "ES256", header, payload) + "\r\n";
  }

 private:
  jose::KeyHandle key_ = jose::test::make_ec("P-256");
  std::string jwk_ = jose::test::jwk(key_.get(), "");
};

inline std::shared_ptr<const CertificateNames> certificate(std::string_view uri, std::string_view digest) {
  CertificateNames names;
  names.subject = "CN=orders";
  names.dns_names = {"orders.internal"};
  if (!uri.empty()) names.uris = {std::string(uri)};
  names.digest = digest;
  return std::make_shared<const CertificateNames>(std::move(names));
}

// One request and what authenticate says of it: the subject, or the reason.
struct Asked {
  Asked(const World& world, std::string_view target, std::string_view headers,
        std::shared_ptr<const CertificateNames> client = nullptr, std::string_view method = "GET")
      : request(world,
                std::string(method) + " /v1" + std::string(target) + " HTTP/1.1\r\n" + std::string(headers)) {
    request.peer.client = std::move(client);
    auto matched = match(request.exchange);
    if (matched) request.exchange.matched = *matched;
  }
  std::string answer() {
    auto verdict = authenticate(request.world->state, request.exchange, *request.exchange.matched);
    if (verdict) {
      principal = *verdict;
      return std::string(principal.subject);
    }
    if (verdict.denial() == nullptr) return "need";
    challenges = verdict.denial()->challenges;
    detail = verdict.denial()->detail;
    return std::string(id(verdict.denial()->reason));
  }

  Request request;
  Principal principal;
  std::string challenges;
  std::string detail;
};

inline std::string bearer(std::string_view token) {
  return "Authorization: Bearer " + std::string(token) + "\r\n";
}
inline std::string dpop(std::string_view token) {
  return "Authorization: DPoP " + std::string(token) + "\r\n";
}

}  // namespace caponier::stages
