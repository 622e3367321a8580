// As whom the gateway asks about opaque tokens, and whose answers it believes: by a signature of its own, by
// its certificate, and answers that the issuer signed (RFC 9701); and an issuer that is slow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "base/bytes.h"
#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/pki.h"
#include "e2e/said.h"
#include "e2e/upstream.h"
#include "jose/private_key.h"
#include "jose/test_keys.h"
#include "jose/token.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kActive = R"({"active":true,"sub":"alice","aud":"api","scope":"items:read"})";

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string get(const std::string& token) {
  return request_text("GET", "/items/1", bearer(token));
}

class IntrospectionClients : public testing::Test {
 protected:
  // `client` and `introspection` in the braces of the configuration.
  [[nodiscard]] Options options(const std::string& client, const std::string& introspection,
                                const std::string& more = {}) const {
    return {.contract = kContract,
            .upstream = api_.url(),
            .config =
                "hosts: [localhost]\nissuers:\n  - issuer: https://issuer.example\n"
                "    audiences: [api]\n    allow_internal_addresses: true\n    client: {id: gateway, " +
                client + "}\n    introspection: {" + introspection + "}\n" + more,
            .dev = false};
  }
  // A new key of our own, which only we may read.
  std::string private_key() {
    const std::string file = folder_.file("client-key.pem");
    const Finished made =
        run({"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file});
    EXPECT_EQ(made.status, 0) << made.err;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    return file;
  }
  std::string secret() {
    folder_.write("secret", "s3cret\n");
    std::filesystem::permissions(folder_.file("secret"), std::filesystem::perms::owner_read);
    return "secret: 'file://" + folder_.file("secret") + "'";
  }

  TestFolder folder_;
  mutable Upstream api_{echoing()};
};

// The value of a member of a form, as it is written there.
std::string member_of(const std::string& form, const std::string& name) {
  const std::size_t at = ("&" + form).find("&" + name + "=");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 1;
  return form.substr(from, std::min(form.find('&', from), form.size()) - from);
}

TEST_F(IntrospectionClients, a_signature_says_who_asks_and_holds_for_one_question) {
  Upstream server(answering(answer_text(200, "application/json", kActive)));
  const std::string key = private_key();
  Gateway gateway(options("private_key: 'file://" + key + "', key_id: k1", "url: " + server.url() + "/ask"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get("one")).status(), 200);
  EXPECT_EQ(gateway.ask(get("two")).status(), 200);
  const std::vector<Message> asked = server.requests();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_FALSE(asked[0].has("Authorization"));
  EXPECT_EQ(member_of(asked[0].body, "client_id"), "gateway");
  EXPECT_THAT(member_of(asked[0].body, "client_assertion_type"), HasSubstr("jwt-bearer"));
  const std::string assertion = member_of(asked[0].body, "client_assertion");
  EXPECT_NE(assertion, member_of(asked[1].body, "client_assertion")) << "each has a jti of its own";
  const auto token = jose::parse_token(assertion, {});
  ASSERT_TRUE(token);
  EXPECT_EQ(token->key_id, "k1");
  EXPECT_EQ(token->issuer, "gateway");
  EXPECT_THAT(token->payload, HasSubstr(R"("sub":"gateway")"));
  // The key at hand is the one that signed: what it signs itself has the same form, and verifies by it.
  const Finished text = run({"openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"});
  ASSERT_EQ(text.status, 0);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.out.data());
  const jose::KeyHandle pub(d2i_PUBKEY(nullptr, &bytes, static_cast<long>(text.out.size())));
  const auto set =
      jose::parse_key_set(R"({"keys":[)" + jose::test::jwk(pub.get(), R"(,"kid":"k1")") + "]}", {});
  ASSERT_TRUE(set);
  ASSERT_EQ(set->keys.size(), 1U);
  EXPECT_FALSE(jose::verify_signature(*token, jose::default_algorithms(), set->keys[0]));
}

constexpr const char* kIssuerDocument = R"(openapi: 3.1.0
info: {title: Issuer, version: "1"}
servers: [{url: /}]
paths:
  /introspect:
    post:
      operationId: introspect
      security: []
      x-caponier: {public: {reason: the listener asks for certificates}}
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema:
              type: object
              additionalProperties: false
              required: [token, client_id]
              properties:
                token: {type: string}
                token_type_hint: {type: string}
                client_id: {type: string}
      responses: {"200": {description: ok, content: {application/json: {}}}}
)";

// Before the issuer stands a server that lets nobody in without a certificate.
class CertifiedClient : public IntrospectionClients {
 protected:
  CertifiedClient() { std::filesystem::permissions(own_.key, std::filesystem::perms::owner_read); }
  [[nodiscard]] std::string url() const {
    return "url: 'https://127.0.0.1:" + std::to_string(issuer_.port()) + "/introspect'";
  }
  [[nodiscard]] std::string credential(const std::string& certificate) const {
    return "private_key: 'file://" + own_.key + "', certificate: '" + certificate + "'";
  }

  Upstream server_{answering(answer_text(200, "application/json", kActive))};
  const Pki pki_;
  const Pki::Files own_ = pki_.issue("gateway", "/CN=gateway", "DNS:gateway.internal");
  const Pki::Files front_ = pki_.issue("front", "/CN=127.0.0.1", "IP:127.0.0.1");
  Gateway issuer_{{.contract = kIssuerDocument,
                   .upstream = server_.url(),
                   .config = "hosts: [127.0.0.1]\nlisteners:\n  - {listen: 'https://127.0.0.1:0', "
                             "client_certificates: {mode: required, ca: '" +
                             pki_.ca() + "'}, certificates: [{certificate: '" + front_.certificate +
                             "', key: '" + front_.key + "'}]}\n",
                   .dev = false,
                   .tls = true}};
};

TEST_F(CertifiedClient, says_by_its_certificate_who_asks) {
  ASSERT_TRUE(issuer_.ready()) << issuer_.process().err();
  const std::string authority = "    ca_file: '" + pki_.ca() + "'\n";
  Gateway gateway(options(credential(own_.certificate), url(), authority));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get("opaque")).status(), 200) << issuer_.log();
  EXPECT_EQ(issuer_.wait_for_records(1).back()["client_certificate"], "CN=gateway");
  EXPECT_EQ(member_of(server_.requests().at(0).body, "client_id"), "gateway");
  // By a secret alone nobody gets as far.
  Gateway stranger(options(secret(), url(), authority));
  ASSERT_TRUE(stranger.ready()) << stranger.process().err();
  EXPECT_EQ(stranger.ask(get("opaque")).status(), 503);
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(CertifiedClient, is_whom_the_files_name_now_and_trusts_whom_they_name_now) {
  ASSERT_TRUE(issuer_.ready()) << issuer_.process().err();
  const std::string authorities = read_file(pki_.ca());
  const std::string certificate = read_file(own_.certificate);
  folder_.write("ca.pem", authorities);
  folder_.write("gateway.pem", certificate);
  Gateway gateway(options(credential(folder_.file("gateway.pem")), url(),
                          "    ca_file: '" + folder_.file("ca.pem") + "'\n"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  int number = 0;
  const auto asked = [&] { return gateway.ask(get("opaque-" + std::to_string(++number))); };
  EXPECT_EQ(asked().status(), 200);
  EXPECT_EQ(asked().status(), 200);
  // Not even the connection that is kept serves those who would not be trusted any more.
  const std::size_t before = server_.requests().size();
  for (const auto& [file, text] : {std::pair("ca.pem", read_file(Pki().ca())),
                                   {"ca.pem", std::string()},
                                   {"gateway.pem", std::string()}}) {
    folder_.write(file, text);
    EXPECT_EQ(asked().status(), 503) << file;
    folder_.write("ca.pem", authorities);
    folder_.write("gateway.pem", certificate);
    EXPECT_TRUE(eventually([&] { return asked().status() == 200; })) << file;
  }
  EXPECT_EQ(server_.requests().size(), before + 3);
}

class SignedAnswers : public IntrospectionClients {
 protected:
  SignedAnswers() {
    folder_.write("keys.json",
                  R"({"keys":[)" + jose::test::jwk(key_.get(), R"(,"kid":"k","alg":"ES256")") + "]}");
  }
  [[nodiscard]] Options options_here(const std::string& url) {
    return options(secret(), "signed_answers: true, url: " + url + "/ask",
                   "    jwks_file: '" + folder_.file("keys.json") + "'\n");
  }
  std::string answer(EVP_PKEY* key, const std::string& audience = "gateway",
                     const std::string& type = "token-introspection+jwt", std::int64_t age_s = 0) const {
    return answer_text(
        200, "application/token-introspection+jwt",
        jose::test::make_token(key, "ES256", R"({"alg":"ES256","kid":"k","typ":")" + type + "\"}",
                               R"({"iss":"https://issuer.example","aud":")" + audience + R"(","iat":)" +
                                   std::to_string(now_s() - age_s) + R"(,"token_introspection":)" + kActive +
                                   "}"));
  }
  jose::KeyHandle key_ = jose::test::make_ec("P-256");
};

TEST_F(SignedAnswers, are_asked_for_and_believed) {
  Upstream server(answering(answer(key_.get())));
  Gateway gateway(options_here(server.url()));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get("opaque")).status(), 200);
  EXPECT_EQ(server.requests().at(0).header("Accept"), "application/token-introspection+jwt");
  EXPECT_THAT(api_.received(), HasSubstr("Caponier-Subject: alice\r\n"));
}

TEST_F(SignedAnswers, of_others_for_others_old_ones_and_plain_ones_let_nobody_in) {
  const jose::KeyHandle strangers = jose::test::make_ec("P-256");
  Said wrong;
  Upstream server([&](Peer& peer) {
    while (peer.read_request()) (void)peer.send(wrong.now());
  });
  Gateway gateway(options_here(server.url()));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  int number = 0;
  for (const std::string& one :
       {answer(strangers.get()), answer(key_.get(), "somebody-else"), answer(key_.get(), "gateway", "at+jwt"),
        answer(key_.get(), "gateway", "token-introspection+jwt", 600),
        answer_text(200, "application/json", kActive)}) {
    wrong = one;
    const Message refused = gateway.ask(get("opaque-" + std::to_string(++number)));
    EXPECT_EQ(refused.status(), 503) << number;
    EXPECT_EQ(gateway.record_of(refused)["reason"], "introspection-unavailable") << number;
  }
  EXPECT_EQ(api_.received(), "");
}

TEST_F(SignedAnswers, need_the_issuers_keys) {
  Gateway gateway(options(secret(), "signed_answers: true, url: 'http://127.0.0.1:9/ask'"));
  EXPECT_FALSE(gateway.ready());
  EXPECT_THAT(gateway.process().err(), HasSubstr("signed answers are verified by the issuer's keys"));
}

TEST_F(IntrospectionClients, an_issuer_that_is_slow_costs_its_own_callers_their_time_and_nobody_elses) {
  std::atomic<bool> slow{true};
  Upstream server([&slow](Peer& peer) {
    while (peer.read_request()) {
      if (slow.load()) {
        // Until the gateway gives up.
        (void)peer.read_request();
        return;
      }
      (void)peer.send(answer_text(200, "application/json", kActive));
    }
  });
  Gateway gateway(options(secret(), "url: " + server.url() + "/ask", "timeouts: {need: 200ms}\n"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Socket waiting = Socket::connect(gateway.port());
  MessageReader reader(waiting);
  ASSERT_TRUE(waiting.send(get("opaque")));
  EXPECT_EQ(gateway.ask(request_text("GET", "/open")).status(), 200);
  const auto refused = reader.read_answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status(), 503);
  EXPECT_EQ(gateway.record_of(*refused)["reason"], "introspection-unavailable");
  slow = false;
  EXPECT_TRUE(eventually([&] { return gateway.ask(get("opaque")).status() == 200; }));
}

}  // namespace
}  // namespace caponier::e2e
