// --dev: works with one command, and is accepted nowhere else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

class Development : public testing::Test {
 protected:
  Upstream upstream_{echoing()};
};

TEST_F(Development, an_own_document_is_served_with_tokens_of_the_local_issuer) {
  Gateway gateway({.contract = kContract, .upstream = upstream_.url(), .tls = true});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string token = gateway.token("alice", "items:read");
  const auto allowed = curl(
      {"--cacert", gateway.ca_file(), "-H", "Authorization: Bearer " + token, gateway.url() + "/items/1"});
  EXPECT_EQ(allowed.answer.status(), 200);
  const auto refused = curl({"--cacert", gateway.ca_file(), gateway.url() + "/items/1"});
  EXPECT_EQ(refused.answer.status(), 401);
  EXPECT_EQ(refused.answer.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(refused.answer.header("WWW-Authenticate"), "Bearer realm=\"api\"");
  EXPECT_FALSE(refused.answer.has("Strict-Transport-Security"))
      << "would break every other port of localhost";
  EXPECT_FALSE(refused.answer.has("Server"));
  EXPECT_EQ(upstream_.requests().size(), 1U);

  Record record = gateway.record_of(refused.answer);
  EXPECT_EQ(record["reason"], "credential-missing");
  EXPECT_EQ(record["stage"], "authenticate");
  EXPECT_THAT(record["where"], HasSubstr("api.yaml:"));
  record = gateway.record_of(allowed.answer);
  EXPECT_EQ(record["subject"], "alice");
  EXPECT_EQ(record["operation"], "getItem");
}

TEST_F(Development, what_the_state_directory_holds_is_for_its_owner_only) {
  Gateway gateway({.contract = kContract, .upstream = upstream_.url(), .tls = true});
  ASSERT_TRUE(gateway.ready());
  const auto mode_of = [&gateway](const std::string& name) {
    struct stat status {};
    return stat((gateway.state_dir() + name).c_str(), &status) == 0 ? status.st_mode & 0777U : 0U;
  };
  EXPECT_EQ(mode_of(""), 0700U);
  EXPECT_EQ(mode_of("/dev-ca.key"), 0600U);
  EXPECT_EQ(mode_of("/dev-issuer.pem"), 0600U);
  EXPECT_EQ(mode_of("/decisions.ndjson") & 077U, 0U);
}

TEST_F(Development, nothing_but_loopback_is_listened_on_or_proxied_to) {
  struct Case {
    const char* listen;
    std::string upstream;
    const char* says;
  };
  const Case cases[] = {
      {"https://0.0.0.0:0", upstream_.url(), "--dev listens on this machine only"},
      {"http://192.0.2.1:0", upstream_.url(), "--dev listens on this machine only"},
      {"[::]:0", upstream_.url(), "--dev listens on this machine only"},
      {"127.0.0.1:0", "http://192.0.2.1:9000", "--dev proxies to this machine only"},
      {"127.0.0.1:0", "https://api.example.com", "--dev proxies to this machine only"},
  };
  const TestFolder folder;
  const std::string contract = folder.write("api.yaml", kContract);
  for (const Case& c : cases) {
    const Finished done = run_caponier({"run", "--dev", "--contract", contract, "--upstream", c.upstream,
                                        "--listen", c.listen, "--state-dir", folder.file("state")});
    EXPECT_EQ(done.status, 2) << c.listen << c.upstream;
    EXPECT_THAT(done.err, HasSubstr(c.says));
  }
}

TEST_F(Development, other_host_names_are_refused_so_that_dns_rebinding_fails) {
  Gateway gateway({.contract = kContract, .upstream = upstream_.url()});
  ASSERT_TRUE(gateway.ready());
  const auto status_for = [&gateway](const std::string& host) {
    return gateway.ask("GET /open HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status();
  };
  for (const char* host : {"localhost", "127.0.0.1", "[::1]", "LOCALHOST:8443", "127.0.0.1:1"}) {
    EXPECT_EQ(status_for(host), 200) << host;
  }
  const std::size_t before = upstream_.requests().size();
  for (const char* host :
       {"attacker.example", "localhost.attacker.example", "127.0.0.1.nip.io", "[::2]", "192.168.0.1"}) {
    EXPECT_EQ(status_for(host), 421) << host;
  }
  EXPECT_EQ(upstream_.requests().size(), before);
}

TEST_F(Development, tokens_of_another_state_directory_are_refused) {
  Gateway gateway({.contract = kContract, .upstream = upstream_.url()});
  ASSERT_TRUE(gateway.ready());
  const TestFolder elsewhere;
  const Finished made = run_caponier(
      {"token", "--subject", "alice", "--scope", "items:read", "--state-dir", elsewhere.file("state")});
  ASSERT_EQ(made.status, 0) << made.err;
  const std::string token = made.out.substr(0, made.out.find('\n'));
  const Message answer = gateway.ask(request_text("GET", "/items/1", bearer(token)));
  EXPECT_EQ(answer.status(), 401);
  EXPECT_EQ(gateway.record_of(answer)["reason"], "token-wrong-issuer");
  EXPECT_EQ(upstream_.received(), "");
}

TEST_F(Development, its_tokens_are_refused_without_dev) {
  const Issuer issuer("https://issuer.example");
  const TestFolder keys;
  const std::string config = "issuers: [{issuer: \"https://issuer.example\", audiences: [api], jwks_file: " +
                             keys.write("keys.json", issuer.key_set()) + "}]\n";
  Gateway gateway({.contract = kContract, .upstream = upstream_.url(), .config = config, .dev = false});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  // Of the very same state directory.
  const Message refused =
      gateway.ask(request_text("GET", "/items/1", bearer(gateway.token("alice", "items:read"))));
  EXPECT_EQ(refused.status(), 401);
  EXPECT_EQ(gateway.record_of(refused)["reason"], "token-wrong-issuer");
  const Message allowed =
      gateway.ask(request_text("GET", "/items/1", bearer(issuer.token("alice", "items:read"))));
  EXPECT_EQ(allowed.status(), 200) << allowed.body;
}

TEST_F(Development, is_a_finding_of_check) {
  const TestFolder folder;
  const Finished done = run_caponier({"check", "--dev", "--contract", folder.write("api.yaml", kContract),
                                      "--upstream", upstream_.url(), "--state-dir", folder.file("state")});
  EXPECT_EQ(done.status, 1) << done.err;
  EXPECT_THAT(done.out, HasSubstr("[dev-mode]"));
}

TEST_F(Development, without_dev_an_unknown_issuer_stops_the_start_and_says_what_to_add) {
  const TestFolder folder;
  const Finished done =
      run_caponier({"run", "--contract", folder.write("api.yaml", kContract), "--upstream", upstream_.url(),
                    "--listen", "http://127.0.0.1:0", "--state-dir", folder.file("state")});
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(done.err, HasSubstr("api.yaml:"));
  EXPECT_THAT(done.err, HasSubstr("no issuer is known for security scheme \"bearer\""));
  EXPECT_THAT(done.err, HasSubstr("issuers: [{issuer:"));
}

}  // namespace
}  // namespace caponier::e2e
