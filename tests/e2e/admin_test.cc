// The admin surface: health, readiness, metrics, and who may not ask.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kAdmin = "listeners: [{listen: 'http://127.0.0.1:0', surface: admin}]\n";

struct Admin : testing::Test {
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};
  Gateway gateway{{.contract = kContract, .upstream = upstream.url(), .config = kAdmin, .workers = 2}};
  int admin = gateway.port_of("admin");

  [[nodiscard]] Message get(const std::string& path) const { return ask(admin, request_text("GET", path)); }
};

TEST_F(Admin, health_and_readiness_are_told) {
  EXPECT_EQ(get("/healthz").status(), 200);
  EXPECT_TRUE(eventually([this] { return get("/readyz").status() == 200; }));
  EXPECT_THAT(get("/readyz").body, HasSubstr("\"waiting_for\":[]"));
}

TEST_F(Admin, metrics_count_requests_refusals_and_latency_by_operation) {
  ASSERT_EQ(gateway.ask(request_text("GET", "/open")).status(), 200);
  ASSERT_EQ(gateway.ask(request_text("GET", "/open")).status(), 200);
  ASSERT_EQ(gateway.ask(request_text("GET", "/items/7")).status(), 401);
  ASSERT_EQ(gateway.ask(request_text("GET", "/secret-of-a-client")).status(), 404);
  ASSERT_EQ(gateway.ask("BAD\r\n\r\n").status(), 400);
  (void)gateway.wait_for_records(5);
  const Message metrics = get("/metrics");
  EXPECT_EQ(metrics.status(), 200);
  EXPECT_THAT(metrics.header("Content-Type"), HasSubstr("text/plain; version=0.0.4"));
  for (const char* line :
       {"caponier_requests_total{operation=\"getOpen\",code=\"2xx\"} 2\n",
        "caponier_requests_total{operation=\"getItem\",code=\"4xx\"} 1\n",
        "caponier_requests_total{operation=\"\",code=\"4xx\"} 1\n",
        "caponier_request_duration_seconds_count{operation=\"getOpen\"} 2\n",
        "caponier_request_duration_seconds_bucket{operation=\"getOpen\",le=\"+Inf\"} 2\n",
        "caponier_refusals_total{operation=\"getItem\",reason=\"credential-missing\"} 1\n",
        "caponier_refusals_total{operation=\"\",reason=\"path-undeclared\"} 1\n",
        "caponier_refusals_total{operation=\"\",reason=\"bad-request-syntax\"} 1\n",
        "caponier_build_info{version=\"0.1.0\"} 1\n", "caponier_upstream_idle_connections ",
        "caponier_in_flight_bytes ", "caponier_log_dropped_lines_total 0\n", "caponier_generation 1\n"}) {
    EXPECT_THAT(metrics.body, HasSubstr(line));
  }
  EXPECT_THAT(metrics.body, Not(HasSubstr("secret-of-a-client"))) << "what a client sends is no label";
}

TEST_F(Admin, web_pages_and_foreign_names_are_refused) {
  EXPECT_EQ(ask(admin, request_text("POST", "/reload", "Origin: http://127.0.0.1\r\n")).status(), 403);
  EXPECT_EQ(ask(admin, "GET /metrics HTTP/1.1\r\nHost: rebound.example:9901\r\n\r\n").status(), 403);
  EXPECT_EQ(ask(admin, "GET /metrics HTTP/1.1\r\nHost: [::1]:9901\r\n\r\n").status(), 200);
  EXPECT_EQ(ask(admin, request_text("GET", "/reload")).status(), 405);
  EXPECT_EQ(ask(admin, request_text("POST", "/reload", {}, "body")).status(), 413);
  EXPECT_EQ(ask(admin, "NONSENSE\r\n\r\n").status(), 400);
  EXPECT_EQ(get("/console").status(), 404);
}

TEST_F(Admin, a_head_that_is_too_long_is_refused) {
  const std::string fits = "X: " + std::string(12'000, 'x') + "\r\n";
  EXPECT_EQ(ask(admin, request_text("GET", "/healthz", fits)).status(), 200);
  const std::string over = fits + "Y: " + std::string(5'000, 'x') + "\r\n";
  EXPECT_EQ(ask(admin, request_text("GET", "/healthz", over)).status(), 400);
}

TEST(Readiness, it_waits_for_the_upstream_and_says_so) {
  Upstream gone{answering(answer_text(200, "text/plain", "x"))};
  const std::string url = gone.url();
  gone.stop();
  Gateway gateway({.contract = kContract, .upstream = url, .config = kAdmin});
  const Message answer = ask(gateway.port_of("admin"), request_text("GET", "/readyz"));
  EXPECT_EQ(answer.status(), 503);
  EXPECT_THAT(answer.body, HasSubstr("upstream " + url));
}

TEST(Readiness, it_waits_for_the_keys_of_an_issuer_and_says_whose) {
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};
  const Issuer issuer("https://issuer.test/");
  Gateway gateway(
      {.contract = kContract,
       .upstream = upstream.url(),
       .config = std::string(kAdmin) +
                 "issuers: [{issuer: 'https://issuer.test/', audiences: [api], jwks_file: keys.json}]\n",
       .dev = false,
       .files = {{"keys.json", "not yet"}}});
  const int admin = gateway.port_of("admin");
  const auto ready = [admin] { return ask(admin, request_text("GET", "/readyz")); };
  EXPECT_TRUE(eventually([&] { return ready().body.find("upstream") == std::string::npos; }));
  EXPECT_EQ(ready().status(), 503);
  EXPECT_THAT(ready().body, HasSubstr("keys of https://issuer.test/"));
  gateway.folder().write("keys.json", issuer.key_set());
  EXPECT_TRUE(eventually([&] { return ready().status() == 200; })) << ready().body;
}

}  // namespace
}  // namespace caponier::e2e
