#include "sim/api.h"

#include <cstdio>
#include <cstdlib>

#include "config/config.h"
#include "http/hpack.h"
#include "openapi/contract.h"

namespace caponier::sim {
namespace {

constexpr std::string_view kIssuer = "urn:caponier:dev:sim";

constexpr std::string_view kContract = R"(openapi: 3.0.3
info: {title: Sim, version: '1'}
servers: [{url: /v1}]
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
  responses:
    Ok: {description: ok, content: {application/json: {}}}
    Bad: {description: no, content: {application/json: {}}}
security: [{bearer: ['sim']}]
paths:
  /things/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer, minimum: 0}}
    get:
      operationId: readThing
      parameters: [{name: size, in: query, schema: {type: integer, minimum: 0, maximum: 100000}}]
      responses: {'200': {$ref: '#/components/responses/Ok'}, 4XX: {$ref: '#/components/responses/Bad'}}
    head:
      operationId: headThing
      responses: {'200': {$ref: '#/components/responses/Ok'}, 4XX: {$ref: '#/components/responses/Bad'}}
    delete:
      operationId: deleteThing
      responses: {'200': {$ref: '#/components/responses/Ok'}, 4XX: {$ref: '#/components/responses/Bad'}}
  /things:
    post:
      operationId: makeThing
      x-caponier: {body_bytes_max: 2000}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [id]
              properties: {id: {type: integer, minimum: 0}, pad: {type: string}}
      responses: {'200': {$ref: '#/components/responses/Ok'}, 4XX: {$ref: '#/components/responses/Bad'}}
  /files/{id}:
    put:
      operationId: putFile
      x-caponier: {body_bytes_max: 200000}
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer, minimum: 0}}
      requestBody: {required: true, content: {application/octet-stream: {}}}
      responses: {'200': {$ref: '#/components/responses/Ok'}, 4XX: {$ref: '#/components/responses/Bad'}}
  /open/{id}:
    get:
      operationId: readOpen
      security: []
      x-caponier: {public: {reason: anyone may read}}
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer, minimum: 0}}
      responses: {'200': {$ref: '#/components/responses/Ok'}, 4XX: {$ref: '#/components/responses/Bad'}}
)";

// No upstream of HTTP/2 alone can serve it.
constexpr std::string_view kFeeds = R"(  /feeds/{id}:
    get:
      operationId: openFeed
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer, minimum: 0}}
      responses: {'101': {description: echoes}, 4XX: {$ref: '#/components/responses/Bad'}}
)";

constexpr std::string_view kUpstream = "{url: 'http://127.0.0.1:9000'}";
constexpr std::string_view kConfig = R"(
defaults:
  rate_limit: {per_address: {off: simulated}, per_credential: {off: simulated}}
)";

// Of every Api, so that a token of one is a token of all.
// Written down, because a run must repeat to the byte. It guards nothing.
const jose::SigningKey& own_key() {
  static const jose::SigningKey kKey = jose::SigningKey::from_pem(R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgULl3ACcC1HxDaiQW
Vnstjvpnbc0jmgvHGbFWEx1Se+GhRANCAAQ1H4jfDohO62YzR9JBGr7txJ6kFCg0
BHP8druWYBLADfIqxubdSYfAhdMyfQI0r629lJhYf6p/3ml7aL91we8I
-----END PRIVATE KEY-----
)")
                                           .value();
  return kKey;
}
const jose::SigningKey& foreign_key() {
  static const jose::SigningKey kKey = jose::SigningKey::from_pem(R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLG4buWhKNznyfMWn
jJeKz3ZpGNzd5iuB4SE84IH+VvOhRANCAATmSQQ7UKfRBrmD82j70NHsDkTdrYAz
rVfA3C3QYtIMOOw31XALD1n/6woYroDIj+SP1nzsRQmQDRKddMbvpnk4
-----END PRIVATE KEY-----
)")
                                           .value();
  return kKey;
}

// How long a token is where it is compressed.
std::size_t packed_bytes(std::string_view token) {
  http::h2::HpackEncoder encoder(4096);
  std::string out;
  if (!encoder.encode(out, "Authorization: Bearer " + std::string(token) + "\r\n")) std::abort();
  return out.size();
}

// A signature differs each time, and how it packs must not: everything behind it would.
std::string sign(const jose::SigningKey& by, const std::string& claims) {
  // As many bits as such a text has in the mean.
  const std::string usual = std::string(52, 'h') + std::string(34, 'q');
  for (;;) {
    std::string token = by.sign(claims).value();
    const std::size_t signature = token.rfind('.') + 1;
    if (token.size() - signature != usual.size()) std::abort();
    if (packed_bytes(token) == packed_bytes(token.substr(0, signature) + usual)) return token;
  }
}

}  // namespace

Api::Api(const Limits* limits, std::string_view upstream) : key(own_key()), foreign(foreign_key()) {
  Diagnostics diagnostics;
  std::string document(kContract);
  if (upstream.find("protocol: http2") == std::string_view::npos) document += kFeeds;
  const auto contract = openapi::load_contract(document, "sim.yaml", diagnostics);
  const auto config = config::read_config(
      "upstream: " + std::string(upstream.empty() ? kUpstream : upstream) + std::string(kConfig),
      "caponier.yaml", diagnostics);
  config->dev = true;
  if (limits != nullptr) config->limits = *limits;
  plan::CompileInput input;
  input.contract = contract.get();
  input.config = config.get();
  input.development_issuer = kIssuer;
  plan = plan::compile_plan(input, diagnostics);
  if (!plan) {
    for (const Diagnostic& diagnostic : diagnostics.all())
      std::fprintf(stderr, "%s\n", to_text(diagnostic).c_str());
    std::abort();
  }
  good = token(key, "sim", 3600);
  brief = token(key, "sim", kShortTokenS);
  poor = token(key, "other", 3600);
  expired = token(key, "sim", -3600);
  forged = token(foreign, "sim", 3600);
}

std::string Api::token(const jose::SigningKey& by, std::string_view scope, std::int64_t expires_in_s) const {
  const std::int64_t issued_s = kStartS - 7200;
  const std::string claims =
      R"({"iss":")" + std::string(kIssuer) + R"(","aud":")" + plan->issuers.front().rules.audiences.front() +
      R"(","sub":"alice","iat":)" + std::to_string(issued_s) + R"(,"exp":)" +
      std::to_string(kStartS + expires_in_s) + R"(,"scope":")" + std::string(scope) + "\"}";
  return sign(by, claims);
}

const Api& api() {
  static const Api kApi;
  return kApi;
}

}  // namespace caponier::sim
