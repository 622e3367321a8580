// Key sets while time goes by: many that wait for one, issuers that go away and come back, restarts, reloads,
// and what the operator sees of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <regex>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/h2_peer.h"
#include "e2e/upstream.h"
#include "http/test_h2.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kName = "https://issuer.example";
constexpr const char* kAdmin =
    "listeners: [{listen: 'http://127.0.0.1:0'}, {listen: 'http://127.0.0.1:0', surface: admin}]\n";

std::string get(const Issuer& issuer) {
  return request_text("GET", "/items/1", bearer(issuer.token("alice", "items:read")));
}

std::string config_of(const std::string& place, const std::string& more = {}) {
  return "hosts: [localhost]\nissuers:\n  - {issuer: \"" + std::string(kName) +
         "\", audiences: [api], jwks_uri: \"" + place + "\", allow_internal_addresses: true" + more + "}\n";
}

class KeySetsOverTime : public testing::Test {
 protected:
  [[nodiscard]] Options options(const std::string& config) {
    Options options{.contract = kContract, .upstream = upstream_.url(), .config = config, .dev = false};
    return options;
  }
  // Gives the key set once it is told to.
  Script held(std::string text) {
    return [this, text = std::move(text)](Peer& peer) {
      while (peer.read_request()) {
        if (!eventually([this] { return go_.load(); })) return;
        (void)peer.send(answer_text(200, "application/json", text));
      }
    };
  }
  static std::string metric(Gateway& gateway, const std::string& name) {
    const std::string text = ask(gateway.port_of("admin"), request_text("GET", "/metrics")).body;
    const std::size_t at = text.find("\n" + name + "{");
    if (at == std::string::npos) return {};
    const std::size_t space = text.find("} ", at) + 2;
    return text.substr(space, text.find('\n', space) - space);
  }

  std::atomic<bool> go_{false};
  Upstream upstream_{echoing()};
  Issuer issuer_{kName};
};

TEST_F(KeySetsOverTime, a_thousand_requests_that_wait_on_streams_cause_one_fetch) {
  constexpr int kConnections = 10;
  constexpr int kStreams = 100;
  Upstream keys(held(issuer_.key_set()));
  Options wanted = options(config_of(keys.url() + "/keys") + "timeouts: {need: 30s}\n" +
                           "defaults: {rate_limit: {per_address: 5000/m, per_credential: 5000/m}}\n" +
                           "listeners: [{listen: 'https://127.0.0.1:0'}, {listen: 'http://127.0.0.1:0', "
                           "surface: admin}]\n");
  wanted.dev = wanted.tls = true;
  wanted.workers = 2;
  Gateway gateway(wanted);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  // Known, and without the scope: what waits is refused in the end, and needs no upstream.
  const std::string token = "Bearer " + issuer_.token("alice", "items:none");
  std::vector<std::unique_ptr<H2Peer>> peers;
  for (int i = 0; i < kConnections; ++i) {
    peers.push_back(std::make_unique<H2Peer>(gateway.port()));
    ASSERT_TRUE(peers.back()->open());
    std::string bytes;
    for (int stream = 0; stream < kStreams; ++stream) {
      bytes += http::h2::headers(static_cast<std::uint32_t>(2 * stream + 1),
                                 http::h2::request_block({{"authorization", token}}, "GET", "/items/1"));
    }
    ASSERT_TRUE(peers.back()->send(bytes));
  }
  EXPECT_TRUE(eventually([&gateway] {
    return metric(gateway, "caponier_issuer_waiting_requests") == "1000";
  })) << metric(gateway, "caponier_issuer_waiting_requests");
  go_ = true;
  int forbidden = 0;
  for (const auto& peer : peers) {
    for (int stream = 0; stream < kStreams; ++stream)
      forbidden += peer->answer(static_cast<std::uint32_t>(2 * stream + 1)).status == 403 ? 1 : 0;
  }
  EXPECT_EQ(forbidden, kConnections * kStreams);
  EXPECT_EQ(keys.requests().size(), 1U) << "one fetch for all of them";
}

TEST_F(KeySetsOverTime, a_restart_while_the_issuer_is_away_serves_with_the_copy) {
  Upstream keys(answering(answer_text(200, "application/json", issuer_.key_set())));
  const std::string config = config_of(keys.url() + "/keys");
  const TestFolder state;
  Options wanted = options(config + kAdmin);
  wanted.state_dir = state.file("state");
  {
    Gateway gateway(wanted);
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    EXPECT_EQ(gateway.ask(get(issuer_)).status(), 200);
    EXPECT_EQ(gateway.stop(), 0);
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(wanted.state_dir)) {
    if (!entry.path().filename().string().starts_with("keys-")) continue;
    ++files;
    struct stat status {};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
  }
  EXPECT_EQ(files, 1U) << "one for the issuer";
  keys.stop();
  Gateway gateway(wanted);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get(issuer_)).status(), 200);
  EXPECT_TRUE(gateway.process().read_until([&gateway] {
    return gateway.process().err().find("those that are there stay in use") != std::string::npos;
  })) << gateway.process().err();
  EXPECT_EQ(metric(gateway, "caponier_issuer_keys"), "1");
  EXPECT_TRUE(eventually([&gateway] { return gateway.log().find("a copy of ") != std::string::npos; }));
}

TEST_F(KeySetsOverTime, a_copy_that_somebody_spoiled_is_not_used) {
  Upstream keys(answering(answer_text(200, "application/json", issuer_.key_set())));
  const TestFolder state;
  Options wanted = options(config_of(keys.url() + "/keys"));
  wanted.state_dir = state.file("state");
  {
    Gateway gateway(wanted);
    ASSERT_EQ(gateway.ask(get(issuer_)).status(), 200);
    EXPECT_EQ(gateway.stop(), 0);
  }
  keys.stop();
  for (const auto& entry : std::filesystem::directory_iterator(wanted.state_dir)) {
    if (entry.path().filename().string().starts_with("keys-"))
      std::filesystem::resize_file(entry.path(), std::filesystem::file_size(entry.path()) - 5);
  }
  Gateway gateway(wanted);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get(issuer_)).status(), 503);
  EXPECT_TRUE(gateway.process().read_until([&gateway] {
    return gateway.process().err().find("the copy of its keys is not used") != std::string::npos;
  }));
}

TEST_F(KeySetsOverTime, keys_that_are_too_old_are_given_up_until_the_issuer_is_back) {
  Upstream keys(answering(answer_text(200, "application/json", issuer_.key_set())));
  const auto away = [](Peer& peer) { (void)peer.read_request(); };
  Gateway gateway(options(config_of(keys.url() + "/keys", ", keys_stale_max: 3s") + kAdmin));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const auto readiness = [&gateway] { return ask(gateway.port_of("admin"), request_text("GET", "/readyz")); };
  EXPECT_EQ(gateway.ask(get(issuer_)).status(), 200);
  EXPECT_TRUE(eventually([&] { return readiness().status() == 200; }));
  keys.set_script(away);
  EXPECT_EQ(gateway.ask(get(issuer_)).status(), 200) << "what is there is used for a while";
  ASSERT_TRUE(eventually([&] { return readiness().status() == 503; }));
  EXPECT_THAT(readiness().body, HasSubstr(std::string("keys of ") + kName));
  const Message refused = gateway.ask(get(issuer_));
  EXPECT_EQ(refused.status(), 503);
  EXPECT_EQ(gateway.record_of(refused)["reason"], "keys-unavailable");
  EXPECT_EQ(metric(gateway, "caponier_issuer_keys_age_seconds"), "-1");
  EXPECT_EQ(metric(gateway, "caponier_issuer_keys"), "0");
  EXPECT_NE(metric(gateway, "caponier_issuer_fetch_failures_total"), "");
  keys.set_script(answering(answer_text(200, "application/json", issuer_.key_set())));
  EXPECT_TRUE(eventually([&] { return gateway.ask(get(issuer_)).status() == 200; }));
}

TEST_F(KeySetsOverTime, a_reload_and_several_schemes_share_the_keys_that_are_there) {
  Upstream keys(answering(answer_text(200, "application/json", issuer_.key_set())));
  Options wanted = options(config_of(keys.url() + "/keys") + kAdmin);
  wanted.contract += "    second: {type: http, scheme: bearer}\n";
  const std::string write = "[{bearer: [\"items:write\"]}]";
  wanted.contract.replace(wanted.contract.rfind(write), write.size(), "[{second: [\"items:write\"]}]");
  Gateway gateway(wanted);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get(issuer_)).status(), 200);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(ask(gateway.port_of("admin"), request_text("POST", "/reload")).status(), 200);
  EXPECT_EQ(gateway.ask(get(issuer_)).status(), 200);
  const std::string token = issuer_.token("7", "items:write");
  EXPECT_EQ(gateway.ask(request_text("PUT", "/items/7", bearer(token))).status(), 200);
  EXPECT_EQ(keys.requests().size(), 1U);
}

TEST_F(KeySetsOverTime, health_and_figures_of_each_issuer_are_told) {
  const std::string good = issuer_.key_set();
  const std::string set = good.substr(0, good.rfind("]}")) + R"(,{"kty":"oct","kid":"s","k":"AAAA"}]})";
  Upstream keys(answering(answer_text(200, "application/json", set)));
  Gateway gateway(options(config_of(keys.url() + "/keys") + kAdmin));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get(issuer_)).status(), 200);
  const std::string text = ask(gateway.port_of("admin"), request_text("GET", "/metrics")).body;
  const std::string labels = "{issuer=\"" + std::string(kName) + "\",source=\"" + keys.url() + "/keys\"} ";
  for (const std::string& line :
       {"caponier_issuer_keys" + labels + "1\n", "caponier_issuer_refused_keys" + labels + "1\n",
        "caponier_issuer_fetches_total" + labels + "1\n",
        "caponier_issuer_waiting_requests" + labels + "0\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_TRUE(std::regex_search(text, std::regex("caponier_issuer_keys_age_seconds\\{[^}]*\\} [0-9]\n")));
  EXPECT_TRUE(std::regex_search(
      text, std::regex("caponier_issuer_last_success_timestamp_seconds\\{[^}]*\\} 1[0-9]{9}\n")));
}

// Whatever stands between the gateway and the keys: refused, told apart, and no token passes.
TEST_F(KeySetsOverTime, discovery_is_strict) {
  struct Row {
    const char* what;
    std::function<std::string(const std::string& self)> answer;
    const char* kind;
  };
  const auto document = [](const std::string& issuer, const std::string& keys) {
    return answer_text(200, "application/json",
                       R"({"issuer":")" + issuer + R"(","jwks_uri":")" + keys + "\"}");
  };
  const Row rows[] = {
      {"another issuer", [&](const std::string& self) { return document(self + "/", self + "/keys"); },
       "discovery"},
      {"keys in a file", [&](const std::string& self) { return document(self, "file:///etc/passwd"); },
       "discovery"},
      {"twice the issuer",
       [](const std::string& self) {
         return answer_text(
             200, "application/json",
             R"({"issuer":"https://a.example","issuer":")" + self + R"(","jwks_uri":")" + self + "/keys\"}");
       },
       "discovery"},
      {"a redirect",
       [](const std::string& self) {
         return "HTTP/1.1 302 Found\r\nLocation: " + self + "/elsewhere\r\nContent-Length: 0\r\n\r\n";
       },
       "redirect"},
      {"a web page", [](const std::string&) { return answer_text(200, "text/html", "{}"); }, "content-type"},
      {"too much",
       [](const std::string&) { return answer_text(200, "application/json", std::string(300'000, ' ')); },
       "size"},
      {"nobody at jwks_uri",
       [&](const std::string& self) { return document(self, "http://127.0.0.1:1/keys"); }, "unreachable"},
  };
  for (const Row& row : rows) {
    Upstream server(echoing());
    server.set_script(answering(row.answer(server.url())));
    Gateway gateway(options("hosts: [localhost]\nissuers:\n  - {issuer: \"" + server.url() +
                            "\", audiences: [api], allow_internal_addresses: true}\n" + kAdmin));
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    const Issuer issuer(server.url());
    EXPECT_EQ(gateway.ask(get(issuer)).status(), 503) << row.what;
    const std::string text = ask(gateway.port_of("admin"), request_text("GET", "/metrics")).body;
    EXPECT_THAT(text, HasSubstr("kind=\"" + std::string(row.kind) + "\"} ")) << row.what;
    EXPECT_THAT(server.received(), Not(HasSubstr("/elsewhere")));
  }
  EXPECT_EQ(upstream_.received(), "");
}

}  // namespace
}  // namespace caponier::e2e
