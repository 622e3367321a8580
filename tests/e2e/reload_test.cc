// Change without loss: contract, configuration, certificates and keys are replaced under a running gateway.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kAdmin = "listeners: [{listen: 'http://127.0.0.1:0', surface: admin}]\n";
constexpr const char* kRoomy = R"(limits:
  connections: {new_per_address_per_second: 1000000, new_per_address_burst: 1000000,
                requests_per_address_per_second: 1000000, requests_per_address_burst: 1000000}
)";

// Two paths, of which `second` can be another one.
std::string contract_with(const std::string& second, const std::string& rate = "100000/m") {
  std::string text = R"(openapi: 3.1.0
info: {title: Changing, version: "1"}
servers: [{url: /}]
security: []
x-caponier: {rate_limit: {per_address: )" +
                     rate + R"(}}
paths:
)";
  for (const std::string& name : {std::string("steady"), second}) {
    text +=
        "  /" + name + ":\n    get:\n      operationId: " + name +
        "\n      x-caponier: {public: {reason: test}}\n      responses: {\"200\": {description: ok, content: "
        "{text/plain: {}}}}\n";
  }
  return text;
}

struct Reload : testing::Test {
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};

  [[nodiscard]] Options options(const std::string& contract) const {
    return {.contract = contract,
            .upstream = upstream.url(),
            .config = std::string(kAdmin) + kRoomy,
            .workers = 2};
  }
};

Message post_reload(Gateway& gateway) {
  return ask(gateway.port_of("admin"), request_text("POST", "/reload"));
}

int status_of(const Gateway& gateway, const std::string& path) {
  return gateway.ask(request_text("GET", path)).status();
}

bool says(Gateway& gateway, const std::string& text) {
  return gateway.process().read_until(
      [&] { return gateway.process().err().find(text) != std::string::npos; });
}

TEST_F(Reload, a_changed_contract_comes_into_force_by_itself) {
  Gateway gateway(options(contract_with("before")));
  ASSERT_EQ(status_of(gateway, "/before"), 200);
  gateway.folder().write("api.yaml", contract_with("after"));
  EXPECT_TRUE(eventually([&] { return status_of(gateway, "/after") == 200; }));
  EXPECT_EQ(status_of(gateway, "/before"), 404);
}

TEST_F(Reload, a_hangup_reloads) {
  Gateway gateway(options(contract_with("before")));
  ASSERT_TRUE(gateway.ready());
  gateway.process().signal(SIGHUP);
  EXPECT_TRUE(says(gateway, "reloaded (SIGHUP); generation 2 is in force"));
  EXPECT_EQ(status_of(gateway, "/before"), 200);
}

TEST_F(Reload, a_broken_contract_is_refused_whole_and_the_old_one_stays) {
  Gateway gateway(options(contract_with("before")));
  ASSERT_EQ(status_of(gateway, "/before"), 200);
  gateway.folder().write("api.yaml",
                         contract_with("after") + "  /broken: {get: {operationId: x, responsse: {}}}\n");
  const Message answer = post_reload(gateway);
  EXPECT_EQ(answer.status(), 409);
  EXPECT_THAT(answer.body, HasSubstr("\"reloaded\":false"));
  EXPECT_THAT(answer.body, HasSubstr("\"line\":"));
  EXPECT_THAT(answer.body, HasSubstr("api.yaml"));
  EXPECT_EQ(status_of(gateway, "/before"), 200);
  EXPECT_EQ(status_of(gateway, "/after"), 404);
  EXPECT_TRUE(says(gateway, "generation 1 stays in force"));
  EXPECT_TRUE(
      eventually([&] { return gateway.log().find("\"what\":\"reload-refused\"") != std::string::npos; }));
  const Message metrics = ask(gateway.port_of("admin"), request_text("GET", "/metrics"));
  EXPECT_THAT(metrics.body, Not(HasSubstr("caponier_reloads_refused_total 0\n")));
  gateway.folder().write("api.yaml", contract_with("after"));
  EXPECT_TRUE(eventually([&] { return status_of(gateway, "/after") == 200; })) << "and mended, it comes";
}

TEST_F(Reload, a_file_that_vanishes_takes_no_control_down) {
  Options with_keys = options(contract_with("before"));
  with_keys.files = {{"extra.overlay.yaml",
                      "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions: "
                      "[{target: $.info, update: {title: Other}}]\n"}};
  with_keys.config += "overlays: [extra.overlay.yaml]\n";
  Gateway gateway(with_keys);
  ASSERT_EQ(status_of(gateway, "/before"), 200);
  ASSERT_EQ(::unlink(gateway.folder().file("extra.overlay.yaml").c_str()), 0);
  EXPECT_EQ(post_reload(gateway).status(), 409);
  EXPECT_EQ(status_of(gateway, "/before"), 200);
}

TEST_F(Reload, what_is_bound_at_the_start_is_refused_with_its_place) {
  Gateway gateway(options(contract_with("before")));
  ASSERT_TRUE(gateway.ready());
  gateway.folder().write(
      "caponier.yaml", std::string("listeners: [{listen: 'http://127.0.0.1:1', surface: admin}]\n") + kRoomy);
  const Message answer = post_reload(gateway);
  EXPECT_EQ(answer.status(), 409);
  EXPECT_THAT(answer.body, HasSubstr("\"code\":\"needs-restart\""));
  EXPECT_THAT(answer.body, HasSubstr("\"line\":1"));
}

TEST_F(Reload, what_a_limit_has_counted_stays_counted) {
  Gateway gateway(options(contract_with("before", "3/h")));
  ASSERT_EQ(status_of(gateway, "/steady"), 200);
  ASSERT_EQ(status_of(gateway, "/steady"), 200);
  gateway.folder().write("api.yaml", contract_with("after", "3/h"));
  ASSERT_EQ(post_reload(gateway).status(), 200);
  EXPECT_EQ(status_of(gateway, "/steady"), 200);
  EXPECT_EQ(status_of(gateway, "/steady"), 429);
}

TEST_F(Reload, metrics_go_on_counting) {
  Gateway gateway(options(contract_with("before")));
  ASSERT_EQ(status_of(gateway, "/steady"), 200);
  gateway.folder().write("api.yaml", contract_with("after"));
  ASSERT_EQ(post_reload(gateway).status(), 200);
  ASSERT_EQ(status_of(gateway, "/steady"), 200);
  (void)gateway.wait_for_records(2);
  const Message metrics = ask(gateway.port_of("admin"), request_text("GET", "/metrics"));
  EXPECT_THAT(metrics.body, HasSubstr("caponier_requests_total{operation=\"steady\",code=\"2xx\"} 2\n"));
}

TEST_F(Reload, a_request_under_way_ends_on_the_plan_that_it_began_with) {
  std::atomic<bool> go{false};
  upstream.set_script([&go](Peer& peer) {
    while (peer.read_request()) {
      (void)eventually([&go] { return go.load(); });
      if (!peer.send(answer_text(200, "text/plain", "late"))) return;
    }
  });
  Gateway gateway(options(contract_with("before")));
  ASSERT_TRUE(gateway.ready());
  const Socket client = Socket::connect(gateway.port());
  ASSERT_TRUE(client.send(request_text("GET", "/before")));
  ASSERT_TRUE(eventually([this] { return upstream.requests().size() == 1; }));
  gateway.folder().write("api.yaml", contract_with("after"));
  ASSERT_EQ(post_reload(gateway).status(), 200);
  go = true;
  MessageReader reader(client);
  const auto late = reader.read_answer();
  ASSERT_TRUE(late);
  EXPECT_EQ(late->status(), 200);
  ASSERT_TRUE(client.send(request_text("GET", "/before")));
  const auto next = reader.read_answer();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->status(), 404) << "the next on the same connection is judged by what is in force";
}

// Half of them on connections that stay, half on new ones.
void load(const Gateway* gateway, const std::atomic<bool>* over, std::atomic<int>* good,
          std::atomic<int>* bad) {
  const std::string request = request_text("GET", "/steady");
  Socket client = Socket::connect(gateway->port());
  MessageReader reader(client);
  while (!over->load()) {
    const auto kept = client.send(request) ? reader.read_answer() : std::nullopt;
    ++*(kept && kept->status() == 200 ? good : bad);
    ++*(gateway->ask(request).status() == 200 ? good : bad);
  }
}

TEST_F(Reload, a_hundred_reloads_under_load_fail_no_request) {
  Gateway gateway(options(contract_with("before")));
  ASSERT_TRUE(gateway.ready());
  std::atomic<bool> over{false};
  std::atomic<int> good{0};
  std::atomic<int> bad{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back(load, &gateway, &over, &good, &bad);
  int reloaded = 0;
  for (int i = 0; i < 100; ++i) {
    gateway.folder().write("api.yaml", contract_with("path" + std::to_string(i)));
    if (post_reload(gateway).status() == 200) ++reloaded;
  }
  over = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(reloaded, 100);
  EXPECT_EQ(bad.load(), 0);
  EXPECT_GT(good.load(), 100);
  EXPECT_EQ(status_of(gateway, "/path99"), 200);
  EXPECT_EQ(gateway.stop(), 0);
}

}  // namespace
}  // namespace caponier::e2e
