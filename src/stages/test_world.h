// For tests of the stages: a small API compiled from a document and a configuration as anybody would write
// them, an issuer whose key is at hand, and requests as they come off the wire.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.h"
#include "http/h1_decoder.h"
#include "jose/signing_key.h"
#include "openapi/contract.h"
#include "plan/plan.h"
#include "plan/test_keys.h"
#include "stages/exchange.h"
#include "stages/pipeline.h"
#include "stages/state.h"

namespace caponier::stages {

inline constexpr std::string_view kContract = R"(openapi: 3.0.3
info: {title: Orders, version: '1'}
servers: [{url: /v1}]
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
    partner: {type: http, scheme: bearer}
    key: {type: apiKey, in: header, name: X-API-Key}
  schemas:
    Order:
      type: object
      required: [item, qty]
      properties:
        item: {type: string, minLength: 1, maxLength: 20}
        qty: {type: integer, minimum: 1, maximum: 100}
security: [{bearer: []}]
paths:
  /orders:
    get:
      operationId: listOrders
      security: [{bearer: ['orders:read']}, {key: ['orders:read']}]
      x-caponier: {rate_limit: {per_credential: 3/m, per_address: 5/m}}
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: open, in: query, schema: {type: boolean}}
        - {name: state, in: query, schema: {type: string, enum: [new, old, 'on hold', 'a+b']}}
        - {name: id, in: query, schema: {type: array, items: {type: integer}, maxItems: 3}}
        - {name: tag, in: query, explode: false, schema: {type: array, items: {type: string, maxLength: 3}}}
        - {name: filter, in: query, content: {application/json: {schema: {type: object, properties: {a: {type: integer}}}}}}
        - {name: flag, in: query, allowEmptyValue: true, schema: {type: integer}}
        - {name: X-Tenant, in: header, schema: {type: string, enum: [red, blue]}}
        - {name: X_Old, in: header, schema: {type: integer}}
      responses:
        '200': {description: ok, content: {application/json: {schema: {type: array, items: {}}}}}
        4XX: {description: no, content: {application/problem+json: {}}}
    post:
      operationId: createOrder
      security: [{bearer: ['orders:write']}]
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
      responses:
        '201': {description: made, content: {application/json: {}}}
        default: {description: else}
  /customers/{customer}/orders/{id}:
    get:
      operationId: getOrder
      x-caponier: {owner: {claim: sub, parameter: customer}}
      parameters:
        - {name: customer, in: path, required: true, schema: {type: string}}
        - {name: id, in: path, required: true, schema: {type: integer, minimum: 1}}
        - {name: must, in: query, required: true, schema: {type: string}}
      responses: {'200': {description: ok}}
  /both:
    get:
      operationId: both
      security: [{bearer: ['a'], key: ['orders:read']}]
      responses: {'204': {description: ok}}
  /partners:
    get:
      operationId: partners
      security: [{partner: []}]
      responses: {'204': {description: ok}}
  /public:
    get:
      operationId: status
      security: []
      x-caponier: {public: {reason: anyone may ask}}
      responses: {'200': {description: ok, content: {text/plain: {}}}}
  /mixed:
    get:
      operationId: mixed
      security: [{bearer: ['never']}, {}]
      x-caponier: {public: {reason: anyone may ask}}
      responses: {'200': {description: ok, content: {text/plain: {}}}}
  /files:
    put:
      operationId: upload
      x-caponier: {body_bytes_max: 1000}
      requestBody: {content: {application/octet-stream: {}, 'image/*': {}, application/json: {schema: {type: object}}}}
      responses: {'204': {description: ok}}
)";

inline constexpr std::string_view kConfig = R"(contract: openapi.yaml
upstream: {url: 'http://orders.internal:9000'}
hosts: [api.example.com, '::1']
issuers:
  - {issuer: 'https://login.example/', audiences: [orders], jwks_file: keys.json, algorithms: [ES256]}
  - {issuer: 'https://partner.example/', audiences: [orders], jwks_file: partner.json}
security_schemes:
  bearer: {issuer: 'https://login.example/'}
  partner: {issuer: 'https://partner.example/'}
defaults:
  rate_limit: {per_address: {off: tests}, per_credential: {off: tests}}
)";

inline constexpr std::int64_t kNowS = 1'700'000'000;

struct World {
  explicit World(std::string_view contract_text = kContract, std::string_view config_text = kConfig,
                 std::map<std::string, std::string> user_files = {}) {
    Diagnostics diagnostics;
    contract = openapi::load_contract(contract_text, "openapi.yaml", diagnostics);
    config = config::read_config(config_text, "caponier.yaml", diagnostics);
    plan::CompileInput input;
    input.contract = contract.get();
    input.config = config.get();
    input.user_files = std::move(user_files);
    plan = plan::compile_plan(input, diagnostics);
    for (const Diagnostic& d : diagnostics.all()) {
      if (d.severity == Severity::kError) ADD_FAILURE() << to_text(d);
    }
    keys = std::make_unique<KeyRing>(plan->issuers.size());
    source->install(plan::test_facts(kNowS));
    state = {{1, 2}, &limiter, &proofs, keys.get(), &tokens, &identities};
    state.failed_addresses = &failed_addresses;
    state.failed_identities = &failed_identities;
    install_keys(signer);
  }

  // The key set of every issuer becomes that of `key`.
  void install_keys(const jose::SigningKey& key) {
    for (std::uint32_t i = 0; i < keys->size(); ++i) {
      auto set = jose::parse_key_set(key.public_key_set(), plan->limits.tokens);
      keys->install(i, std::make_shared<const jose::KeySet>(std::move(set.value())));
    }
  }

  // A token of the claims `extra` (",\"scope\":\"a\""), good for five minutes unless they say otherwise.
  [[nodiscard]] std::string token(std::string_view extra = {},
                                  std::string_view issuer = "https://login.example/",
                                  std::int64_t expires_in_s = 300) const {
    std::string claims = R"({"iss":")" + std::string(issuer) + R"(","aud":"orders","exp":)" +
                         std::to_string(kNowS + expires_in_s) + R"(,"iat":)" + std::to_string(kNowS - 10);
    if (extra.find("\"sub\"") == std::string_view::npos) claims += R"(,"sub":"alice")";
    return std::move(signer.sign(claims.append(extra).append("}")).value());
  }

  std::unique_ptr<openapi::Contract> contract;
  std::unique_ptr<config::Config> config;
  std::shared_ptr<const plan::Plan> plan;
  jose::SigningKey signer = std::move(jose::SigningKey::generate().value());
  Limiter limiter{1 << 10};
  Limiter proofs{1 << 10};
  Failures failed_addresses{1 << 10};
  Failures failed_identities{1 << 10};
  TokenCache tokens{64, {}};
  std::unique_ptr<KeyRing> keys;
  std::shared_ptr<plan::IdentitySource> source = std::make_shared<plan::IdentitySource>();
  plan::IdentityView identities{source};
  State state;
};

inline Peer test_peer() {
  Peer peer;
  peer.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  peer.text = "192.0.2.1";
  peer.listener = "public";
  peer.tls = true;
  return peer;
}

// A request of which `head` is everything but Host and the end of the head: "GET /v1/orders HTTP/1.1\r\nA:
// b\r\n".
struct Request {
  explicit Request(const World& at, std::string_view head, std::string_view host = "api.example.com")
      : world(&at),
        bytes(std::string(head) + "Host: " + std::string(host) + "\r\n\r\n"),
        decoder(at.plan->limits.http) {
    decoder.begin();
    const auto status = decoder.feed(bytes);
    if (!status || *status != http::HeadStatus::kComplete) ADD_FAILURE() << "undecodable: " << bytes;
    exchange.plan = at.plan;
    exchange.now = {kNowS * 1000, 1'000'000'000};
    exchange.peer = &peer;
    exchange.head = &decoder.head();
    exchange.request_id = "0123456789abcdef0123456789abcdef";
    exchange.trace_id = "11112222333344445555666677778888";
    exchange.span_id = "aaaabbbbccccdddd";
  }

  Verdict<HeadDecision> judge() { return judge_head(world->state, exchange); }
  // kNone if allowed, kNoVerdict where neither allowed nor denied.
  Reason reason() {
    auto verdict = judge();
    if (verdict) return Reason::kNone;
    return verdict.denial() != nullptr ? verdict.denial()->reason : Reason::kNoVerdict;
  }

  const World* world;
  std::string bytes;
  http::RequestDecoder decoder;
  Peer peer = test_peer();
  Exchange exchange;
};

inline std::string get(std::string_view target, std::string_view token = {}, std::string_view headers = {}) {
  std::string head = "GET " + std::string(target) + " HTTP/1.1\r\n";
  if (!token.empty()) head.append("Authorization: Bearer ").append(token).append("\r\n");
  return head.append(headers);
}

// For EXPECT_EQ that prints something.
inline std::string_view id(Reason reason) {
  return entry(reason).id;
}

}  // namespace caponier::stages
