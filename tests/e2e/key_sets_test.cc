// Without keys there is no verdict, and without a verdict nothing passes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

constexpr const char* kName = "https://issuer.example";

class KeySets : public testing::Test {
 protected:
  static std::string config(const std::string& issuer_members, const std::string& more = {}) {
    return "hosts: [localhost]\nissuers:\n  - {issuer: \"" + std::string(kName) + "\", audiences: [api], " +
           issuer_members + "}\n" + more;
  }
  [[nodiscard]] Options options(const std::string& the_config) {
    return {.contract = kContract, .upstream = upstream_.url(), .config = the_config, .dev = false};
  }
  std::string get(const Issuer& issuer) {
    return request_text("GET", "/items/1", bearer(issuer.token("alice", "items:read")));
  }
  static Script serving(std::string keys) { return answering(answer_text(200, "application/json", keys)); }

  Upstream upstream_{echoing()};
  Issuer issuer_{kName};
};

TEST_F(KeySets, from_a_server_are_fetched_once_and_used) {
  Upstream keys(serving(issuer_.key_set()));
  Gateway gateway(options(config("jwks_uri: \"" + keys.url() + "/keys\", allow_internal_addresses: true")));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(gateway.ask(get(issuer_)).status(), 200);
  ASSERT_EQ(keys.requests().size(), 1U);
  EXPECT_EQ(keys.requests()[0].start_line, "GET /keys HTTP/1.1");
}

TEST_F(KeySets, are_found_by_discovery) {
  Upstream server(echoing());
  const Issuer issuer(server.url());
  const std::string document =
      R"({"issuer":")" + server.url() + R"(","jwks_uri":")" + server.url() + "/keys\"}";
  server.set_script([&issuer, &document](Peer& peer) {
    while (auto request = peer.read_request()) {
      const bool discovery =
          request->start_line.find("/.well-known/openid-configuration") != std::string::npos;
      (void)peer.send(answer_text(200, "application/json", discovery ? document : issuer.key_set()));
    }
  });
  Gateway gateway(options("hosts: [localhost]\nissuers:\n  - {issuer: \"" + server.url() +
                          "\", audiences: [api], allow_internal_addresses: true}\n"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get(issuer)).status(), 200);
}

TEST_F(KeySets, that_cannot_be_reached_refuse_everything_that_needs_them) {
  Upstream gone(echoing());
  gone.stop();
  Gateway gateway(options(config("jwks_uri: \"" + gone.url() + "/keys\", allow_internal_addresses: true")));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Message answer = gateway.ask(get(issuer_));
  EXPECT_EQ(answer.status(), 503);
  Record record = gateway.record_of(answer);
  EXPECT_EQ(record["reason"], "keys-unavailable");
  EXPECT_EQ(record["stage"], "authenticate");
  EXPECT_EQ(upstream_.received(), "");
  EXPECT_TRUE(gateway.process().read_until([&gateway] {
    return gateway.process().err().find("the keys of https://issuer.example could not be loaded") !=
           std::string::npos;
  }));
  // What needs no key is served all the same.
  EXPECT_EQ(gateway.ask(request_text("GET", "/open")).status(), 200);
}

TEST_F(KeySets, that_are_garbage_refuse_everything_that_needs_them) {
  for (const char* garbage :
       {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{]}",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"}) {
    Upstream keys(answering(garbage));
    Gateway gateway(options(config("jwks_uri: \"" + keys.url() + "/keys\", allow_internal_addresses: true")));
    ASSERT_TRUE(gateway.ready());
    EXPECT_EQ(gateway.ask(get(issuer_)).status(), 503) << garbage;
    EXPECT_EQ(upstream_.received(), "");
  }
}

TEST_F(KeySets, at_internal_addresses_are_not_fetched_unless_the_word_is_said) {
  Upstream keys(serving(issuer_.key_set()));
  // Plain http is refused at the load already; a name that leads inside is refused when it is known.
  const std::string port = std::to_string(keys.port());
  for (const std::string& place : {"https://127.0.0.1:" + port, "https://localhost:" + port}) {
    Gateway gateway(options(config("jwks_uri: \"" + place + "/keys\"")));
    if (gateway.ready()) {
      const Message answer = gateway.ask(get(issuer_));
      EXPECT_EQ(answer.status(), 503) << place;
      EXPECT_EQ(gateway.record_of(answer)["reason"], "keys-unavailable");
      EXPECT_TRUE(gateway.process().read_until([&gateway] {
        return gateway.process().err().find("allow_internal_addresses") != std::string::npos;
      })) << gateway.process().err();
    } else {
      EXPECT_EQ(gateway.process().wait(), 2);
    }
  }
  const TestFolder folder;
  const Finished plain =
      run_caponier({"run", "--contract", folder.write("api.yaml", kContract), "--upstream", upstream_.url(),
                    "--listen", "http://127.0.0.1:0", "--state-dir", folder.file("state"), "--config",
                    folder.write("caponier.yaml", config("jwks_uri: \"" + keys.url() + "/keys\""))});
  EXPECT_EQ(plain.status, 2);
  EXPECT_THAT(plain.err, HasSubstr("caponier.yaml:"));
  EXPECT_EQ(keys.received(), "");
  EXPECT_EQ(upstream_.received(), "");
}

TEST_F(KeySets, of_a_new_key_are_fetched_when_a_token_names_it) {
  Upstream keys(serving(issuer_.key_set()));
  Gateway gateway(options(config("jwks_uri: \"" + keys.url() + "/keys\", allow_internal_addresses: true")));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get(issuer_)).status(), 200);
  const auto first_fetch = Clock::now();
  const Issuer rotated(kName);
  keys.set_script(serving(rotated.key_set()));
  // A key that nobody has costs no second fetch so soon, however often it is asked for.
  for (int i = 0; i < 5; ++i) EXPECT_EQ(gateway.ask(get(rotated)).status(), 401);
  EXPECT_EQ(keys.requests().size(), 1U);
  static constexpr auto kRefreshMin = std::chrono::milliseconds(10'100);
  ASSERT_TRUE(eventually([first_fetch] { return Clock::now() - first_fetch > kRefreshMin; }));
  EXPECT_EQ(gateway.ask(get(rotated)).status(), 200);
  EXPECT_EQ(keys.requests().size(), 2U);
  EXPECT_EQ(gateway.ask(get(issuer_)).status(), 401) << "and the old key is gone";
}

TEST_F(KeySets, from_a_file_pin_what_a_token_must_say) {
  const TestFolder folder;
  Gateway gateway(options(config("jwks_file: " + folder.write("keys.json", issuer_.key_set()))));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  struct Case {
    std::string token;
    const char* reason;
  };
  const Issuer namesake(kName);  // the same name, another key
  const Issuer stranger("https://other.example");
  const Case cases[] = {
      {issuer_.token("alice", "items:read", -120), "token-expired"},
      {namesake.token("alice", "items:read"), "token-unknown-key"},
      {stranger.token("alice", "items:read"), "token-wrong-issuer"},
      {issuer_.token("alice", "items:read", 3L * 24 * 3600), "token-too-long-lived"},
  };
  for (const Case& c : cases) {
    const Message answer = gateway.ask(request_text("GET", "/items/1", bearer(c.token)));
    EXPECT_EQ(answer.status(), 401) << c.reason;
    EXPECT_EQ(gateway.record_of(answer)["reason"], c.reason);
  }
  EXPECT_EQ(gateway.ask(get(issuer_)).status(), 200);
  EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST(FullDisk, requests_are_answered_and_the_loss_of_records_is_told) {
  Upstream upstream(echoing());
  Gateway gateway({.contract = kContract, .upstream = upstream.url(), .config = "log: {file: /dev/full}\n"});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(request_text("GET", "/open")).status(), 200);
  EXPECT_TRUE(gateway.process().read_until([&gateway] {
    return gateway.process().err().find("the log cannot be written (No space left on device)") !=
           std::string::npos;
  }));
  EXPECT_EQ(gateway.ask(request_text("GET", "/items/1")).status(), 401) << "and it decides as before";
  EXPECT_EQ(gateway.stop(), 0);
}

}  // namespace
}  // namespace caponier::e2e
