// Several certificates on one listener, chosen by name, and replaced while the gateway runs.
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

std::string entry(const Pki::Files& files) {
  return "{certificate: '" + files.certificate + "', key: '" + files.key + "'}";
}

struct Certificates : testing::Test {
  Pki pki;
  Pki::Files a = pki.issue("a", "/CN=a", "DNS:a.example,DNS:www.a.example");
  Pki::Files b = pki.issue("b", "/CN=b", "DNS:*.b.example");
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};

  [[nodiscard]] Options options(const std::string& certificates) const {
    return {.contract = kContract,
            .upstream = upstream.url(),
            .config =
                "hosts: [a.example, www.a.example, x.b.example, other.example]\nlisteners:\n  - {listen: "
                "'https://127.0.0.1:0', " +
                certificates + "}\n",
            .tls = true};
  }
  // curl, which verifies that the certificate is for `host`.
  [[nodiscard]] CurlResult get(const Gateway& gateway, const std::string& host,
                               const Words& more = {}) const {
    const std::string port = std::to_string(gateway.port());
    Words words = {"--cacert", pki.ca(), "--resolve", host + ":" + port + ":127.0.0.1",
                   "https://" + host + ":" + port + "/open"};
    words.insert(words.end(), more.begin(), more.end());
    return curl(words);
  }
  // The subject of the certificate that a client gets who names `name`, or nobody.
  [[nodiscard]] static std::string subject_for(const Gateway& gateway, const std::string& name) {
    Words words = {"openssl", "s_client", "-connect", gateway.host(), "-showcerts"};
    if (name.empty()) {
      words.emplace_back("-noservername");
    } else {
      words.insert(words.end(), {"-servername", name});
    }
    const std::string out = run(words).out;
    const std::size_t at = out.find("subject=");
    return at == std::string::npos ? "none" : out.substr(at + 8, out.find('\n', at) - at - 8);
  }
};

TEST_F(Certificates, the_client_gets_the_one_for_the_name_that_it_asks_for) {
  Gateway gateway(options("certificates: [" + entry(a) + ", " + entry(b) + "]"));
  ASSERT_TRUE(gateway.ready());
  for (const char* host : {"a.example", "www.a.example", "x.b.example"}) {
    EXPECT_EQ(get(gateway, host).answer.status(), 200) << host;
  }
  EXPECT_THAT(subject_for(gateway, "y.b.example"), HasSubstr("b"));
  for (const char* name : {"", "other.example", "x.y.b.example", "b.example"}) {
    EXPECT_THAT(subject_for(gateway, name), HasSubstr("CN = a"))
        << "the first is for everybody else: " << name;
  }
}

TEST_F(Certificates, a_host_of_another_certificate_is_misdirected) {
  Gateway gateway(options("certificates: [" + entry(a) + ", " + entry(b) + "]"));
  ASSERT_TRUE(gateway.ready());
  const CurlResult refused = get(gateway, "a.example", {"-H", "Host: x.b.example"});
  EXPECT_EQ(refused.answer.status(), 421);
  EXPECT_EQ(gateway.record_of(refused.answer)["reason"], "misdirected");
  EXPECT_EQ(get(gateway, "x.b.example", {"-H", "Host: a.example"}).answer.status(), 421);
  EXPECT_EQ(get(gateway, "x.b.example", {"-H", "Host: other.example"}).answer.status(), 421);
  EXPECT_EQ(get(gateway, "a.example", {"-H", "Host: www.a.example"}).answer.status(), 200)
      << "the same certificate is for both";
  EXPECT_EQ(get(gateway, "a.example", {"-H", "Host: other.example"}).answer.status(), 200)
      << "that would have met the first, too";
}

TEST_F(Certificates, an_authority_of_another_certificate_is_misdirected_in_http_2_as_well) {
  Gateway gateway(options("certificates: [" + entry(a) + ", " + entry(b) + "]"));
  ASSERT_TRUE(gateway.ready());
  const CurlResult served = get(gateway, "a.example", {"--http2", "-H", "Host: www.a.example"});
  EXPECT_THAT(served.answer.start_line, HasSubstr("HTTP/2 200"));
  const CurlResult refused = get(gateway, "a.example", {"--http2", "-H", "Host: x.b.example"});
  EXPECT_THAT(refused.answer.start_line, HasSubstr("HTTP/2 421"));
}

TEST_F(Certificates, what_is_wrong_with_one_of_them_is_told_with_its_place) {
  const Pki::Files again = pki.issue("again", "/CN=again", "DNS:c.example,DNS:www.a.example");
  struct Case {
    std::string certificates;
    std::string says;
  };
  for (const Case& c :
       {Case{"certificates: [" + entry(a) + ",\n " + entry(again) + "]", "for www.a.example as well"},
        Case{"certificates: [" + entry(a) + ",\n " + entry({b.certificate, a.key}) + "]", "does not belong"},
        Case{"certificates: [" + entry(a) + ",\n {certificate: nowhere.pem, key: k}]", "nowhere.pem"},
        Case{"certificates: [" + entry(a) + ",\n {certificate: x}]", "Add `key`"},
        Case{"certificate: x, key: y,\n certificates: [" + entry(a) + "]", "exclude each other"}}) {
    const TestFolder folder;
    const Finished check = run_caponier(
        {"check", "--dev", "--contract", folder.write("api.yaml", kContract), "--upstream",
         "http://127.0.0.1:1", "--config",
         folder.write("caponier.yaml", "listeners: [{listen: '127.0.0.1:0', " + c.certificates + "}]\n")});
    EXPECT_EQ(check.status, 2) << c.certificates;
    EXPECT_THAT(check.err, HasSubstr("caponier.yaml:2:")) << check.err;
    EXPECT_THAT(check.err, HasSubstr(c.says)) << check.err;
  }
}

TEST_F(Certificates, that_are_replaced_are_used_by_themselves_and_a_bad_one_is_not) {
  const TestFolder files;
  const auto place = [&files](const Pki::Files& from) {
    fs::copy_file(from.key, files.file("key.pem"), fs::copy_options::overwrite_existing);
    fs::copy_file(from.certificate, files.file("chain.pem"), fs::copy_options::overwrite_existing);
  };
  place(a);
  Gateway gateway(
      options("certificate: '" + files.file("chain.pem") + "', key: '" + files.file("key.pem") + "'"));
  ASSERT_TRUE(gateway.ready());
  EXPECT_THAT(subject_for(gateway, ""), HasSubstr("CN = a"));
  place(b);
  EXPECT_TRUE(eventually([&] { return subject_for(gateway, "").find("CN = b") != std::string::npos; }));
  fs::copy_file(a.key, files.file("key.pem"), fs::copy_options::overwrite_existing);
  ASSERT_TRUE(gateway.process().read_until(
      [&] { return gateway.process().err().find("not reloaded") != std::string::npos; }));
  EXPECT_THAT(gateway.process().err(), HasSubstr("caponier.yaml:3:"));
  EXPECT_THAT(subject_for(gateway, ""), HasSubstr("CN = b")) << "what was in force stays";
}

constexpr const char* kKeyed = R"(openapi: 3.1.0
info: {title: Keyed, version: "1"}
servers: [{url: /}]
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-API-Key}
    bearer: {type: http, scheme: bearer}
paths:
  /by-key:
    get:
      operationId: byKey
      security: [{key: []}]
      responses: {"200": {description: ok, content: {text/plain: {}}}}
  /by-token:
    get:
      operationId: byToken
      security: [{bearer: []}]
      responses: {"200": {description: ok, content: {text/plain: {}}}}
)";

TEST(KeyFiles, of_issuers_are_used_when_they_are_replaced) {
  const Upstream upstream{answering(answer_text(200, "text/plain", "x"))};
  const TestFolder files;
  const Issuer before("https://issuer.example/");
  const Issuer after("https://issuer.example/");
  files.write("jwks.json", before.key_set());
  Gateway gateway(
      {.contract = kKeyed,
       .upstream = upstream.url(),
       .config = "limits: {connections: {failed_authentications_per_address_burst: 100000, "
                 "failed_authentications_per_identity_burst: 100000}}\n"
                 "issuers:\n  - {issuer: 'https://issuer.example/', audiences: [api], jwks_file: '" +
                 files.file("jwks.json") +
                 "'}\nsecurity_schemes:\n  bearer: {issuer: 'https://issuer.example/'}\n",
       .dev = false});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const auto by_token = [&](const Issuer& issuer) {
    return gateway.ask(request_text("GET", "/by-token", bearer(issuer.token("alice", "")))).status();
  };
  EXPECT_EQ(by_token(before), 200);
  EXPECT_EQ(by_token(after), 401);

  files.write("jwks.json", after.key_set());
  EXPECT_TRUE(eventually([&] { return by_token(after) == 200; }));
  EXPECT_EQ(by_token(before), 401) << "also one that was verified before";

  files.write("jwks.json", "{}");
  ASSERT_TRUE(gateway.process().read_until(
      [&] { return gateway.process().err().find("not reloaded") != std::string::npos; }));
  EXPECT_EQ(by_token(after), 200);
}

}  // namespace
}  // namespace caponier::e2e
