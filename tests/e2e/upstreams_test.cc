// Several endpoints behind one gateway: who is asked, who is left alone, what is tried again, and where
// operations of their own go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
constexpr const char* kBusy = "HTTP/1.1 503 No\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n";
constexpr const char* kJsonType = "Content-Type: application/json\r\n";

std::string get() {
  return request_text("GET", "/open");
}

class Upstreams : public testing::Test {
 protected:
  std::atomic<bool> well_ = false;  // for scripts, which may outlive a test's own variables
  std::string endpoints() const { return "[\"" + one_.url() + "\", \"" + two_.url() + "\"]"; }
  // `settings`: further keys of the upstream.
  Options options(const std::string& settings) const {
    return {.contract = kContract,
            .upstream = "",
            .config = "upstream: {endpoints: " + endpoints() + settings + "}\n"};
  }
  static int status_of(const Gateway& gateway, const std::string& request) {
    return gateway.ask(request).status();
  }
  Upstream one_{answering(kOk)};
  Upstream two_{answering(kOk)};
};

TEST_F(Upstreams, requests_go_to_every_endpoint) {
  Gateway gateway(options(""));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (int i = 0; i < 40; ++i) EXPECT_EQ(status_of(gateway, get()), 200);
  EXPECT_GT(one_.requests().size(), 5U);
  EXPECT_GT(two_.requests().size(), 5U);
  EXPECT_EQ(one_.requests().size() + two_.requests().size(), 40U);
}

TEST_F(Upstreams, nothing_is_lost_when_one_of_two_is_away_and_it_is_left_alone_soon) {
  one_.stop();
  Gateway gateway(options(", ejection: {failures: 3}"));
  const std::string post = request_text(
      "POST", "/items", bearer(gateway.token("a", "items:write")) + kJsonType, R"({"name":"x"})");
  for (int i = 0; i < 30; ++i) EXPECT_EQ(status_of(gateway, i % 2 == 0 ? get() : post), 200) << i;
  EXPECT_EQ(two_.requests().size(), 30U);
  EXPECT_TRUE(
      eventually([&gateway] { return gateway.log().find("ejected for 30000ms") != std::string::npos; }));
}

TEST_F(Upstreams, the_only_endpoint_is_never_ejected) {
  two_.set_script(answering(kBusy));
  Gateway gateway({.contract = kContract,
                   .upstream = "",
                   .config = "upstream: {url: \"" + two_.url() + "\", ejection: {failures: 1}}\n"});
  for (int i = 0; i < 5; ++i) (void)status_of(gateway, get());
  EXPECT_EQ(two_.requests().size(), 5U);
}

TEST_F(Upstreams, with_every_endpoint_out_the_answer_is_503_and_says_when_to_come_back) {
  one_.stop();
  two_.stop();
  Gateway gateway(options(", ejection: {failures: 1, base: 20s, percent_max: 100}"));
  EXPECT_EQ(status_of(gateway, get()), 502) << "both are tried, and both fail";
  const Message answer = gateway.ask(get());
  EXPECT_EQ(answer.status(), 503);
  EXPECT_THAT(answer.header("Retry-After"), testing::AnyOf("20", "19"));
  EXPECT_EQ(gateway.record_of(answer)["reason"], "upstream-unhealthy");
}

TEST_F(Upstreams, a_health_check_takes_out_who_is_not_well) {
  one_.set_script([](Peer& peer) {
    while (auto request = peer.read_request()) {
      const bool asked = request->start_line.find("/well") != std::string::npos;
      if (!peer.send(asked ? kBusy : kOk)) return;
    }
  });
  Gateway gateway(options(", health_check: {path: /well, interval: 100ms, unhealthy: 2}"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  ASSERT_TRUE(eventually([&gateway] { return gateway.log().find("is unhealthy") != std::string::npos; }));
  const auto own = [](Upstream& upstream) {
    std::size_t count = 0;
    for (const Message& request : upstream.requests())
      count += request.start_line.find("/open") != std::string::npos ? 1 : 0;
    return count;
  };
  for (int i = 0; i < 20; ++i) EXPECT_EQ(status_of(gateway, get()), 200);
  EXPECT_EQ(own(one_), 0U);
  EXPECT_EQ(own(two_), 20U);
}

TEST_F(Upstreams, an_answer_of_a_named_status_is_tried_elsewhere_where_that_is_harmless) {
  one_.set_script(answering(kBusy));
  Gateway gateway(
      options(", retries: {idempotent: true, statuses: [503], budget_min: 100}, ejection: {failures: 0}"));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(status_of(gateway, get()), 200) << i;
  EXPECT_GT(one_.requests().size(), 0U);
  EXPECT_EQ(two_.requests().size(), 20U);
}

TEST_F(Upstreams, a_post_whose_connection_died_is_not_sent_to_the_other_endpoint) {
  const Script dies = [](Peer& peer) { (void)peer.read_request(); };
  one_.set_script(dies);
  two_.set_script(dies);
  Gateway gateway(options(", retries: {idempotent: true}"));
  const std::string post = request_text(
      "POST", "/items", bearer(gateway.token("a", "items:write")) + kJsonType, R"({"name":"x"})");
  EXPECT_EQ(status_of(gateway, post), 502);
  EXPECT_EQ(one_.requests().size() + two_.requests().size(), 1U);
  EXPECT_EQ(status_of(gateway, get()), 502);
  EXPECT_EQ(one_.requests().size() + two_.requests().size(), 3U) << "a GET is, once";
}

TEST_F(Upstreams, the_budget_bounds_what_a_failing_upstream_gets) {
  const Script dies = [](Peer& peer) { (void)peer.read_request(); };
  one_.set_script(dies);
  two_.set_script(dies);
  Gateway gateway(
      options(", retries: {idempotent: true, budget_percent: 10, budget_min: 2}, ejection: {failures: 0}"));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(status_of(gateway, get()), 502);
  const std::size_t seen = one_.requests().size() + two_.requests().size();
  EXPECT_GE(seen, 52U);
  EXPECT_LE(seen, 57U);
}

TEST_F(Upstreams, more_requests_than_an_upstream_may_have_are_refused_at_once) {
  two_.set_script([](Peer& peer) {
    (void)peer.read_request();
    std::string ignored;
    while (peer.socket().receive(ignored, std::chrono::seconds(20))) {
    }
  });
  Gateway gateway({.contract = kContract,
                   .upstream = "",
                   .config = "upstream: {url: \"" + two_.url() + "\", requests_max: 1}\n"});
  Socket held = Socket::connect(gateway.port());
  ASSERT_TRUE(held.send(get()));
  ASSERT_TRUE(eventually([this] { return !two_.requests().empty(); }));
  const Message answer = gateway.ask(get());
  EXPECT_EQ(answer.status(), 503);
  EXPECT_EQ(answer.header("Retry-After"), "1");
  EXPECT_EQ(gateway.record_of(answer)["reason"], "upstream-overloaded");
}

TEST_F(Upstreams, more_requests_than_may_wait_for_a_connection_are_refused_at_once) {
  // It takes connections, and says nothing to a TLS handshake.
  two_.set_script([](Peer& peer) {
    std::string ignored;
    while (peer.socket().receive(ignored, std::chrono::seconds(20))) {
    }
  });
  Gateway gateway({.contract = kContract,
                   .upstream = "",
                   .config = "upstream: {url: \"https://127.0.0.1:" + std::to_string(two_.port()) +
                             "\", pending_max: 1}\ntimeouts: {upstream_connect: 20s}\n"});
  Socket held = Socket::connect(gateway.port());
  ASSERT_TRUE(held.send(get()));
  ASSERT_TRUE(eventually([this] { return two_.connections() == 1; }));
  const Message refused = gateway.ask(get());
  EXPECT_EQ(refused.status(), 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(gateway.record_of(refused)["reason"], "upstream-overloaded");
  EXPECT_THAT(gateway.record_of(refused)["detail"], testing::HasSubstr("wait for a connection"));
}

TEST_F(Upstreams, an_operation_goes_where_it_says_by_the_path_it_says) {
  two_.set_script([](Peer& peer) {
    while (peer.read_request()) {
      if (!peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nLocation: /inner/open?x\r\n"
                     "Content-Length: 2\r\n\r\nok"))
        return;
    }
  });
  Gateway gateway({.contract = kContract,
                   .upstream = one_.url(),
                   .config = "upstreams: {other: \"" + two_.url() +
                             "\"}\noperations:\n  - operation: getOpen\n    upstream: {name: other, rewrite: "
                             "{prefix: /, with: /inner}, timeout: 5s}\n"});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Message answer = gateway.ask(request_text("GET", "/open?q=1"));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.header("Location"), "/open?x");
  ASSERT_EQ(two_.requests().size(), 1U);
  EXPECT_EQ(two_.requests()[0].start_line, "GET /inner/open?q=1 HTTP/1.1");
  EXPECT_EQ(two_.requests()[0].header("Host"), two_.url().substr(7));
  EXPECT_TRUE(one_.requests().empty());
}

TEST_F(Upstreams, an_operations_own_timeout_goes_before_the_common_one) {
  one_.set_script([](Peer& peer) {
    while (peer.read_request()) {
    }
  });
  Gateway gateway({.contract = kContract,
                   .upstream = one_.url(),
                   .config = "operations:\n  - operation: getOpen\n    upstream: {timeout: 200ms}\n"});
  const Message answer = gateway.ask(get());
  EXPECT_EQ(answer.status(), 504);
  EXPECT_EQ(gateway.record_of(answer)["reason"], "upstream-timeout");
}

TEST_F(Upstreams, a_name_stands_for_its_addresses) {
  Gateway gateway({.contract = kContract, .upstream = "http://localhost:" + std::to_string(one_.port())});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(status_of(gateway, get()), 200) << i;
  EXPECT_EQ(one_.requests().size(), 10U);
}

constexpr const char* kAdmin = "listeners: [{listen: 'http://127.0.0.1:0', surface: admin}]\n";

// What survives when the document changes under a running gateway.
struct ReloadedUpstreams : Upstreams {
  static int reload(Gateway& gateway) {
    return ask(gateway.port_of("admin"), request_text("POST", "/reload")).status();
  }
  static std::string metrics(Gateway& gateway) {
    return ask(gateway.port_of("admin"), request_text("GET", "/metrics")).body;
  }
};

TEST_F(ReloadedUpstreams, what_did_not_change_keeps_its_connections_and_what_it_knows_of_its_endpoints) {
  one_.stop();
  Options with = options(", ejection: {failures: 1, base: 1h, max: 1h}");
  with.config += kAdmin;
  Gateway gateway(with);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(status_of(gateway, get()), 200);
  const std::string out = "caponier_upstream_endpoint_workers{upstream=\"default\",endpoint=\"" +
                          one_.url().substr(7) + "\"} 0\n";
  EXPECT_THAT(metrics(gateway), testing::HasSubstr(out));
  // Readiness has connected too, and need not again.
  ASSERT_TRUE(eventually(
      [&] { return ask(gateway.port_of("admin"), request_text("GET", "/readyz")).status() == 200; }));
  const std::size_t connections = two_.connections();
  ASSERT_EQ(reload(gateway), 200);
  EXPECT_THAT(metrics(gateway), testing::HasSubstr("caponier_generation 2\n"));
  for (int i = 0; i < 8; ++i) EXPECT_EQ(status_of(gateway, get()), 200);
  EXPECT_EQ(two_.connections(), connections) << "the pooled connection is still in use";
  EXPECT_THAT(metrics(gateway), testing::HasSubstr(out)) << "who is out stays out";
  EXPECT_THAT(metrics(gateway),
              testing::HasSubstr("caponier_upstream_ejections_total{upstream=\"default\"} 1\n"));
}

TEST_F(ReloadedUpstreams, other_settings_are_in_force_for_the_next_request) {
  Options with{.contract = kContract, .upstream = "", .config = ""};
  const auto config = [](const std::string& url) {
    return std::string(kAdmin) + "upstream: {url: \"" + url +
           "\", health_check: {path: /well, interval: 100ms}}\n";
  };
  with.config = config(one_.url());
  Gateway gateway(with);
  EXPECT_EQ(status_of(gateway, get()), 200);
  gateway.folder().write("caponier.yaml", config(two_.url()));
  ASSERT_EQ(reload(gateway), 200);
  EXPECT_EQ(status_of(gateway, get()), 200);
  EXPECT_GE(two_.requests().size(), 1U);
  const std::size_t asked = one_.requests().size();
  const std::size_t asked_two = two_.requests().size();
  ASSERT_TRUE(eventually([&] { return two_.requests().size() > asked_two + 4; }));
  EXPECT_LE(one_.requests().size(), asked + 1) << "who was replaced is not checked any more";
}

TEST_F(Upstreams, metrics_and_readiness_tell_of_each_upstream) {
  const std::string away = two_.url();
  two_.stop();
  Gateway gateway({.contract = kContract,
                   .upstream = one_.url(),
                   .config = std::string(kAdmin) + "upstreams: {billing: \"" + away + "\"}\n"});
  EXPECT_EQ(status_of(gateway, get()), 200);
  const int admin = gateway.port_of("admin");
  const auto ready = [admin] { return ask(admin, request_text("GET", "/readyz")); };
  EXPECT_TRUE(eventually([&] { return ready().body.find(one_.url()) == std::string::npos; }));
  EXPECT_EQ(ready().status(), 503);
  EXPECT_THAT(ready().body, testing::HasSubstr("\"upstream billing " + away));
  const std::string metrics = ask(admin, request_text("GET", "/metrics")).body;
  const std::string place = "upstream=\"default\",endpoint=\"" + one_.url().substr(7) + "\"} ";
  for (const std::string& line : {std::string("caponier_upstream_requests{upstream=\"default\"} 0\n"),
                                  std::string("caponier_upstream_pending_requests{upstream=\"billing\"} 0\n"),
                                  std::string("caponier_upstream_ejections_total{upstream=\"billing\"} 0\n"),
                                  std::string("caponier_upstream_retries_total{upstream=\"default\"} 0\n"),
                                  "caponier_upstream_endpoint_workers{" + place + "1\n",
                                  "caponier_upstream_endpoint_requests{" + place + "0\n",
                                  "caponier_upstream_idle_connections{" + place + "1\n"}) {
    EXPECT_THAT(metrics, testing::HasSubstr(line));
  }
}

TEST_F(Upstreams, readiness_waits_for_an_upstream_to_be_well_where_that_is_checked) {
  one_.set_script([this](Peer& peer) {
    while (peer.read_request()) {
      if (!peer.send(well_ ? kOk : kBusy)) return;
    }
  });
  Gateway gateway({.contract = kContract,
                   .upstream = "",
                   .config = std::string(kAdmin) + "upstream: {url: \"" + one_.url() +
                             "\", health_check: {path: /well, interval: 100ms}}\n"});
  const int admin = gateway.port_of("admin");
  const auto ready = [admin] { return ask(admin, request_text("GET", "/readyz")).status(); };
  EXPECT_TRUE(eventually([this] { return one_.requests().size() > 4; }));
  EXPECT_EQ(ready(), 503);
  well_ = true;
  EXPECT_TRUE(eventually([&ready] { return ready() == 200; }));
}

TEST_F(Upstreams, a_stop_does_not_wait_for_a_health_check) {
  one_.set_script([](Peer& peer) {
    while (peer.read_request()) {
    }
  });
  Gateway gateway({.contract = kContract,
                   .upstream = "",
                   .config = "upstream: {url: \"" + one_.url() +
                             "\", health_check: {path: /well, interval: 60s, timeout: 60s}}\n"});
  ASSERT_TRUE(eventually([this] { return one_.received().find("/well") != std::string::npos; }));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(gateway.stop(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

}  // namespace
}  // namespace caponier::e2e
