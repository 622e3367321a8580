// Client certificates: who has none, a revoked one or a stranger's is refused in the handshake, and recorded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/pki.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct ClientCertificates : testing::Test {
  Pki pki;
  TestFolder files;
  Pki::Files good = pki.issue("good", "/CN=orders", "URI:spiffe://example.org/orders,DNS:orders.internal");
  Pki::Files revoked = pki.issue("revoked", "/CN=former", "DNS:former.internal");
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};

  void place_list(bool expired = false) const {
    fs::copy_file(pki.revocation_list(expired ? "old.crl" : "new.crl", expired), files.file("crl.pem"),
                  fs::copy_options::overwrite_existing);
  }
  [[nodiscard]] Options options(const std::string& mode, bool with_list = true) const {
    const std::string list = with_list ? ", crl: '" + files.file("crl.pem") + "'" : "";
    return {.contract = kContract,
            .upstream = upstream.url(),
            .config = "listeners:\n  - {listen: 'https://127.0.0.1:0', client_certificates: {mode: " + mode +
                      ", ca: '" + pki.ca() + "'" + list + "}}\n",
            .tls = true};
  }
  static CurlResult get(const Gateway& gateway, const Pki::Files* client) {
    Words words = {"--cacert", gateway.ca_file(), gateway.url() + "/open"};
    if (client != nullptr) words.insert(words.end(), {"--cert", client->certificate, "--key", client->key});
    return curl(words);
  }
  static Record last(const Gateway& gateway, std::size_t count) {
    std::vector<Record> records = gateway.wait_for_records(count);
    return records.empty() ? Record() : records.back();
  }
};

TEST_F(ClientCertificates, that_are_required_and_hold_are_recorded_with_their_subject) {
  place_list();
  Gateway gateway(options("required"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(get(gateway, &good).answer.status(), 200);
  EXPECT_EQ(last(gateway, 1)["client_certificate"], "CN=orders");
}

TEST_F(ClientCertificates, a_subject_that_looks_personal_is_recorded_as_a_hash) {
  const Pki::Files person = pki.issue("person", "/CN=Jane Doe", "email:jane@example.org");
  Gateway gateway(options("required", false));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(get(gateway, &person).answer.status(), 200);
  EXPECT_THAT(last(gateway, 1)["client_certificate"], StartsWith("hash:"));
}

TEST_F(ClientCertificates, who_has_none_or_a_strangers_is_refused_and_recorded) {
  place_list();
  const Pki::Files stranger = pki.self_signed("stranger", "/CN=orders");
  Gateway gateway(options("required"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(get(gateway, nullptr).answer.status(), 0);
  Record none = last(gateway, 1);
  EXPECT_EQ(none["reason"], "client-certificate-refused");
  EXPECT_EQ(none["type"], "handshake");
  EXPECT_THAT(none["detail"], HasSubstr("did not return a certificate"));
  EXPECT_EQ(get(gateway, &stranger).answer.status(), 0);
  Record strange = last(gateway, 2);
  EXPECT_EQ(strange["reason"], "client-certificate-refused");
  EXPECT_THAT(strange["detail"], HasSubstr("self-signed certificate"));
  EXPECT_EQ(upstream.connections(), 0U);
}

TEST_F(ClientCertificates, a_revoked_one_is_refused_as_soon_as_the_list_says_so) {
  place_list();
  Gateway gateway(options("required"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(get(gateway, &revoked).answer.status(), 200);
  pki.revoke(revoked);
  place_list();
  EXPECT_TRUE(eventually([&] { return get(gateway, &revoked).answer.status() == 0; }));
  EXPECT_EQ(get(gateway, &good).answer.status(), 200);
  EXPECT_TRUE(eventually([&gateway] {
    std::vector<Record> records = gateway.records();
    return std::ranges::any_of(records, [](Record& record) {
      return record["reason"] == "client-certificate-refused" &&
             record["detail"].find("certificate revoked") != std::string::npos;
    });
  }));
}

TEST_F(ClientCertificates, a_list_that_is_out_of_date_fails_closed) {
  place_list(true);
  Gateway gateway(options("required"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(get(gateway, &good).answer.status(), 0);
  Record refused = last(gateway, 1);
  EXPECT_EQ(refused["reason"], "client-certificate-refused");
  EXPECT_THAT(refused["detail"], HasSubstr("CRL has expired"));
  place_list();
  EXPECT_TRUE(eventually([&] { return get(gateway, &good).answer.status() == 200; }));
}

TEST_F(ClientCertificates, that_are_optional_need_not_be_shown_and_must_hold_if_they_are) {
  place_list();
  pki.revoke(revoked);
  place_list();
  Gateway gateway(options("optional"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(get(gateway, nullptr).answer.status(), 200);
  EXPECT_EQ(last(gateway, 1).count("client_certificate"), 0U);
  EXPECT_EQ(get(gateway, &good).answer.status(), 200);
  EXPECT_EQ(last(gateway, 2)["client_certificate"], "CN=orders");
  EXPECT_EQ(get(gateway, &revoked).answer.status(), 0);
  EXPECT_EQ(last(gateway, 3)["reason"], "client-certificate-refused");
}

TEST_F(ClientCertificates, the_authorities_of_clients_are_not_shown_as_the_servers_own) {
  Options own = options("optional", false);
  own.flags = {"--cert", good.certificate, "--key", good.key};
  Gateway gateway(own);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Finished done = run({"openssl", "s_client", "-connect", gateway.host(), "-showcerts"});
  EXPECT_THAT(done.out, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_EQ(done.out.find("BEGIN CERTIFICATE"), done.out.rfind("BEGIN CERTIFICATE")) << "the leaf alone";
}

TEST_F(ClientCertificates, no_session_is_resumed_past_a_verdict) {
  place_list();
  Gateway gateway(options("required"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    const Finished done = run({"openssl", "s_client", "-connect", gateway.host(), version, "-cert",
                               good.certificate, "-key", good.key, "-reconnect"});
    EXPECT_EQ(done.out.find("Reused"), std::string::npos) << done.out;
  }
}

TEST_F(ClientCertificates, the_admin_surface_may_be_reached_from_elsewhere_with_one_alone) {
  place_list();
  Options with_admin = options("required");
  with_admin.config +=
      "  - {listen: 'https://0.0.0.0:0', surface: admin, client_certificates: {mode: required, ca: '" +
      pki.ca() + "', crl: '" + files.file("crl.pem") + "'}, certificate: '" + good.certificate + "', key: '" +
      good.key + "'}\n";
  with_admin.dev = false;
  with_admin.config += "issuers: [{issuer: i, audiences: [a], jwks_file: '" +
                       files.write("jwks.json", Issuer("i").key_set()) + "'}]\n";
  with_admin.flags = {"--cert", good.certificate, "--key", good.key};
  Gateway gateway(with_admin);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string url = "https://127.0.0.1:" + std::to_string(gateway.port_of("admin")) + "/healthz";
  EXPECT_EQ(curl({"-k", url, "--cert", good.certificate, "--key", good.key}).answer.status(), 200);
  EXPECT_EQ(curl({"-k", url, "--cert", good.certificate, "--key", good.key, "-H", "Host: orders.internal"})
                .answer.status(),
            200)
      << "by the name of its certificate";
  EXPECT_EQ(curl({"-k", url, "--cert", good.certificate, "--key", good.key, "-H", "Host: evil.example"})
                .answer.status(),
            403);
  const std::string keys = url.substr(0, url.rfind('/')) + "/keys";
  EXPECT_EQ(curl({"-k", keys, "--cert", good.certificate, "--key", good.key}).answer.status(), 200)
      << "a certificate opens what on loopback needs the token";
  EXPECT_EQ(curl({"-k", url}).answer.status(), 0);
  Record refused = last(gateway, 1);
  EXPECT_EQ(refused["listener"], "admin");
  EXPECT_EQ(refused["reason"], "client-certificate-refused");
}

TEST_F(ClientCertificates, that_cannot_be_revoked_are_a_finding) {
  const TestFolder folder;
  const auto check = [&](const std::string& list) {
    return run_caponier({"check", "--dev", "--contract", folder.write("api.yaml", kContract), "--upstream",
                         "http://127.0.0.1:1", "--config",
                         folder.write("caponier.yaml",
                                      "listeners: [{listen: '127.0.0.1:0', client_certificates: "
                                      "{mode: required, ca: '" +
                                          pki.ca() + "'" + list + "}}]\n")});
  };
  EXPECT_THAT(check("").out, HasSubstr("cannot be revoked [clients-unrevocable]"));
  EXPECT_THAT(check("").out, HasSubstr("client certificates required\n"));
  place_list();
  const Finished checked = check(", crl: '" + files.file("crl.pem") + "'");
  EXPECT_THAT(checked.out, Not(HasSubstr("clients-unrevocable")));
  EXPECT_THAT(checked.out, HasSubstr("client certificates required, revocation checked\n"));
}

TEST_F(ClientCertificates, what_cannot_be_enforced_is_an_error_with_its_place) {
  place_list();
  const std::string ca = "ca: '" + pki.ca() + "'";
  struct Case {
    std::string listener;
    std::string says;
  };
  for (const Case& c :
       {Case{"listen: '127.0.0.1:0', client_certificates: {mode: always, " + ca + "}",
             "Write optional or required"},
        Case{"listen: '127.0.0.1:0', client_certificates: {mode: required}", "\"ca\""},
        Case{"listen: '127.0.0.1:0', client_certificates: {mode: required, ca: nowhere.pem}", "nowhere.pem"},
        Case{"listen: '127.0.0.1:0', client_certificates: {mode: required, ca: '" + good.key + "'}",
             "no PEM certificate of an authority"},
        Case{"listen: '127.0.0.1:0', client_certificates: {mode: required, " + ca + ", crl: '" + pki.ca() +
                 "'}",
             "no PEM revocation list"},
        Case{"listen: '127.0.0.1:0', client_certificates: {mode: required, ca: '" + good.certificate +
                 "', crl: '" + files.file("crl.pem") + "'}",
             "the revocation list of CN=orders is missing"},
        Case{"listen: 'http://127.0.0.1:0', client_certificates: {mode: required, " + ca + "}", "plain HTTP"},
        Case{"listen: 'https://0.0.0.0:0', surface: admin, client_certificates: {mode: optional, " + ca + "}",
             "whoever reaches the admin surface"}}) {
    const TestFolder folder;
    const std::string certificate = ", certificate: '" + good.certificate + "', key: '" + good.key + "'";
    const bool plain = c.listener.find("http:") != std::string::npos;
    const Finished check = run_caponier(
        {"check", "--contract", folder.write("api.yaml", kContract), "--upstream", "http://127.0.0.1:1",
         "--config",
         folder.write("caponier.yaml", "listeners: [{" + c.listener + (plain ? "" : certificate) + "}]\n")});
    EXPECT_EQ(check.status, 2) << c.listener;
    EXPECT_THAT(check.err, HasSubstr("caponier.yaml:1:")) << check.err;
    EXPECT_THAT(check.err, HasSubstr(c.says)) << check.err;
  }
}

}  // namespace
}  // namespace caponier::e2e
