// Callers who show more than a token: the certificate of their connection, a proof of the key that their
// token is bound to, and a way of logging in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/bytes.h"
#include "e2e/gateway.h"
#include "e2e/pki.h"
#include "e2e/upstream.h"
#include "jose/test_keys.h"
#include "jose/thumbprint.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kContract = R"(openapi: 3.1.0
info: {title: Bank, version: "1"}
servers: [{url: /}]
components:
  securitySchemes:
    login: {type: http, scheme: bearer}
    proof: {type: http, scheme: DPoP}
    partner: {type: mutualTLS}
paths:
  /balance: {get: {security: [{login: []}], responses: {"200": {description: ok, content: {text/plain: {}}}}}}
  /transfer: {get: {security: [{login: []}], x-caponier: {step_up: {acr: [gold], max_age: 15m}}, responses: {"200": {description: ok, content: {text/plain: {}}}}}}
  /proof: {get: {security: [{proof: []}], responses: {"200": {description: ok, content: {text/plain: {}}}}}}
  /report: {get: {security: [{partner: []}], responses: {"200": {description: ok, content: {text/plain: {}}}}}}
)";

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct Identity : testing::Test {
  Pki pki;
  Pki::Files partner = pki.issue("partner", "/CN=partner", "URI:spiffe://partner.example/reports");
  Pki::Files other = pki.issue("other", "/CN=other", "URI:spiffe://other.example/reports");
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};
  jose::SigningKey issuer = std::move(jose::SigningKey::generate().value());
  jose::KeyHandle sender = jose::test::make_ec("P-256");
  std::string sender_jwk = jose::test::jwk(sender.get(), "");

  [[nodiscard]] Options options(const std::string& issuer_members = "") const {
    return {.contract = kContract,
            .upstream = upstream_url(),
            .config =
                "hosts: [localhost, 127.0.0.1]\nlisteners:\n  - {listen: 'https://127.0.0.1:0', "
                "client_certificates: {mode: optional, ca: '" +
                pki.ca() +
                "'}}\nissuers:\n  - {issuer: 'https://issuer.example', audiences: [bank], jwks_file: "
                "keys.json" +
                issuer_members +
                "}\nsecurity_schemes:\n  partner: {client_certificate: {identity: uri, allow: "
                "['spiffe://partner.example/*']}}\n",
            .dev = true,
            .tls = true,
            .files = {{"keys.json", issuer.public_key_set()}}};
  }
  [[nodiscard]] std::string upstream_url() const { return upstream.url(); }
  [[nodiscard]] std::string token(const std::string& more = "") const {
    return std::move(issuer
                         .sign(R"({"iss":"https://issuer.example","aud":"bank","sub":"alice","iat":)" +
                               std::to_string(now_s()) + R"(,"exp":)" + std::to_string(now_s() + 300) + more +
                               "}")
                         .value());
  }
  [[nodiscard]] std::string thumbprint() const {
    json::Document document;
    return jose::jwk_thumbprint(*document.read(sender_jwk, JsonLimits{})).value_or("");
  }
  [[nodiscard]] std::string proof(const std::string& of, const std::string& uri, const std::string& id,
                                  const std::string& more = "") const {
    return jose::test::make_token(
        sender.get(), "ES256", R"({"typ":"dpop+jwt","alg":"ES256","jwk":)" + sender_jwk + "}",
        R"({"jti":")" + id + R"(","htm":"GET","htu":")" + uri + R"(","iat":)" + std::to_string(now_s()) +
            R"(,"ath":")" + jose::sha256_base64url(of) + "\"" + more + "}");
  }
  static Message get(const Gateway& gateway, const std::string& path, Words headers,
                     const Pki::Files* client = nullptr) {
    Words words = {"--cacert", gateway.ca_file(), gateway.url() + path};
    for (std::string& header : headers) words.insert(words.end(), {"-H", std::move(header)});
    if (client != nullptr) words.insert(words.end(), {"--cert", client->certificate, "--key", client->key});
    return curl(words).answer;
  }
  static std::string reason(const Gateway& gateway, const Message& answer) {
    return gateway.record_of(answer)["reason"];
  }
};

TEST_F(Identity, a_partner_is_known_by_its_certificate) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Message good = get(gateway, "/report", {}, &partner);
  EXPECT_EQ(good.status(), 200);
  Record record = gateway.record_of(good);
  EXPECT_THAT(record["credential"], HasSubstr("certificate:"));
  EXPECT_THAT(upstream.received(), HasSubstr("Caponier-Subject: spiffe://partner.example/reports\r\n"));
  EXPECT_EQ(reason(gateway, get(gateway, "/report", {}, &other)), "client-certificate-not-allowed");
  EXPECT_EQ(reason(gateway, get(gateway, "/report", {})), "credential-missing");
  // Over HTTP/2 and HTTP/1.1 alike: the certificate is the connection's.
  EXPECT_EQ(curl({"--http1.1", "--cacert", gateway.ca_file(), "--cert", partner.certificate, "--key",
                  partner.key, gateway.url() + "/report"})
                .answer.status(),
            200);
}

TEST_F(Identity, a_token_bound_to_a_certificate_is_refused_without_it) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Process openssl({"sh", "-c",
                   "openssl x509 -in '" + partner.certificate +
                       "' -outform DER | openssl dgst -sha256 -hex -r | cut -c1-64"});
  ASSERT_EQ(openssl.wait(), 0);
  const std::string digest = openssl.out();
  const auto bytes = from_hex(std::string_view(digest).substr(0, 64));
  ASSERT_TRUE(bytes) << digest;
  const std::string bound =
      "Authorization: Bearer " + token(R"(,"cnf":{"x5t#S256":")" + base64url_encode(*bytes) + "\"}");
  EXPECT_EQ(get(gateway, "/balance", {bound}, &partner).status(), 200);
  EXPECT_EQ(reason(gateway, get(gateway, "/balance", {bound}, &other)), "token-of-another-sender");
  const Message stolen = get(gateway, "/balance", {bound});
  EXPECT_EQ(stolen.status(), 401);
  EXPECT_EQ(stolen.header("WWW-Authenticate"), "Bearer realm=\"api\"");
  EXPECT_EQ(reason(gateway, stolen), "token-of-another-sender");
}

TEST_F(Identity, a_token_bound_to_a_key_needs_a_fresh_proof_for_each_request) {
  Gateway gateway(options(", bound_tokens: dpop, dpop_nonce: true"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string bound = token(R"(,"cnf":{"jkt":")" + thumbprint() + "\"}");
  const std::string uri = gateway.url() + "/proof";
  const std::string first = proof(bound, uri, "one");
  const Message asked = get(gateway, "/proof", {"Authorization: DPoP " + bound, "DPoP: " + first});
  EXPECT_EQ(asked.status(), 401);
  EXPECT_THAT(std::string(asked.header("WWW-Authenticate")), HasSubstr("error=\"use_dpop_nonce\""));
  const std::string nonce(asked.header("DPoP-Nonce"));
  ASSERT_EQ(nonce.size(), 32U);
  const std::string second = proof(bound, uri, "two", R"(,"nonce":")" + nonce + "\"");
  EXPECT_EQ(get(gateway, "/proof", {"Authorization: DPoP " + bound, "DPoP: " + second}).status(), 200);
  const Message again = get(gateway, "/proof", {"Authorization: DPoP " + bound, "DPoP: " + second});
  EXPECT_EQ(again.status(), 401);
  EXPECT_EQ(reason(gateway, again), "dpop-proof-replayed");
  EXPECT_EQ(reason(gateway, get(gateway, "/balance", {"Authorization: Bearer " + bound})),
            "token-of-another-sender");
  EXPECT_EQ(reason(gateway, get(gateway, "/balance", {"Authorization: Bearer " + token()})), "token-unbound");
  // Neither token nor proof, nor a part of them, is in the log.
  for (const std::string& secret : {bound, first, second}) {
    EXPECT_THAT(gateway.log(), Not(HasSubstr(secret.substr(secret.rfind('.')))));
  }
}

TEST_F(Identity, a_transfer_wants_a_recent_and_strong_login) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const auto with = [&](const std::string& acr, std::int64_t ago_s) {
    return get(gateway, "/transfer",
               {"Authorization: Bearer " +
                token(R"(,"acr":")" + acr + R"(","auth_time":)" + std::to_string(now_s() - ago_s))});
  };
  EXPECT_EQ(with("gold", 60).status(), 200);
  const Message weak = with("bronze", 60);
  EXPECT_EQ(weak.status(), 401);
  EXPECT_THAT(std::string(weak.header("WWW-Authenticate")),
              HasSubstr("error=\"insufficient_user_authentication\""));
  EXPECT_THAT(std::string(weak.header("WWW-Authenticate")),
              HasSubstr("acr_values=\"gold\", max_age=\"900\""));
  EXPECT_EQ(reason(gateway, weak), "step-up-needed");
  EXPECT_EQ(reason(gateway, with("gold", 1000)), "step-up-needed");
  // It is no failed login: as often as one likes.
  for (int i = 0; i < 40; ++i) EXPECT_EQ(with("bronze", 60).status(), 401);
  EXPECT_EQ(with("gold", 60).status(), 200);
}

}  // namespace
}  // namespace caponier::e2e
