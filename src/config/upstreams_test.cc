#include <gtest/gtest.h>

#include <string>

#include "config/config.h"

namespace caponier::config {
namespace {

std::string wrong_with(const std::string& text) {
  Diagnostics diagnostics;
  (void)read_config(text, "caponier.yaml", diagnostics);
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.all()) out += to_text(diagnostic) + "\n";
  return out;
}

TEST(ReadUpstreams, every_key_reaches_its_place) {
  Diagnostics diagnostics;
  const auto config = read_config(R"(upstream:
  endpoints: ["https://a:1", "https://b:2", "https://c:3"]
  certificate: me.pem
  key: me-key.pem
  spiffe_id: spiffe://example.org/orders
  protocol: http2
  resolve_interval: 5s
  health_check: {path: /well, interval: 1s, timeout: 50ms, healthy: 4, unhealthy: 5, status: 204}
  ejection: {failures: 7, base: 2s, max: 3s, percent_max: 90}
  retries: {attempts_max: 3, idempotent: true, statuses: [500, 503], budget_percent: 5, budget_min: 1}
  requests_max: 11
  pending_max: 12
upstreams:
  billing: http://127.0.0.1:9100
  search: ["http://127.0.0.1:1", "http://127.0.0.1:2"]
)",
                                  "caponier.yaml", diagnostics);
  EXPECT_TRUE(diagnostics.all().empty());
  const Upstream& upstream = config->upstream;
  EXPECT_EQ(upstream.url, "https://a:1");
  ASSERT_EQ(upstream.others.size(), 2U);
  EXPECT_EQ(upstream.others[1].url, "https://c:3");
  EXPECT_EQ(upstream.others[1].origin.position.line, 2U);
  EXPECT_EQ(upstream.certificate_file, "me.pem");
  EXPECT_EQ(upstream.key_file, "me-key.pem");
  EXPECT_EQ(upstream.spiffe_id, "spiffe://example.org/orders");
  const UpstreamRules& rules = upstream.rules;
  EXPECT_EQ(rules.protocol, UpstreamProtocol::kHttp2);
  EXPECT_EQ(config->upstreams.at(0).rules.protocol, UpstreamProtocol::kAuto);
  EXPECT_EQ(rules.resolve_ms, 5000);
  EXPECT_EQ(rules.health_check.path, "/well");
  EXPECT_EQ(rules.health_check.interval_ms, 1000);
  EXPECT_EQ(rules.health_check.timeout_ms, 50);
  EXPECT_EQ(rules.health_check.healthy, 4U);
  EXPECT_EQ(rules.health_check.unhealthy, 5U);
  EXPECT_EQ(rules.health_check.status, 204);
  EXPECT_EQ(rules.ejection.failures, 7U);
  EXPECT_EQ(rules.ejection.base_ms, 2000);
  EXPECT_EQ(rules.ejection.max_ms, 3000);
  EXPECT_EQ(rules.ejection.percent_max, 90U);
  EXPECT_EQ(rules.retries.attempts_max, 3U);
  EXPECT_TRUE(rules.retries.idempotent);
  EXPECT_EQ(rules.retries.statuses, 0b1001U);
  EXPECT_EQ(rules.retries.budget_percent, 5U);
  EXPECT_EQ(rules.retries.budget_min, 1U);
  EXPECT_EQ(rules.requests_max, 11U);
  EXPECT_EQ(rules.pending_max, 12U);
  ASSERT_EQ(config->upstreams.size(), 2U);
  EXPECT_EQ(config->upstreams[0].name, "billing");
  EXPECT_EQ(config->upstreams[0].url, "http://127.0.0.1:9100");
  EXPECT_EQ(config->upstreams[1].others.size(), 1U);
}

TEST(ReadUpstreams, what_cannot_be_meant_is_an_error_in_its_place) {
  const struct {
    const char* text;
    const char* says;
  } kCases[] = {
      {"upstream: {url: 'http://a', endpoints: ['http://b']}", "1:11: error: `upstream` needs exactly one"},
      {"upstream: []", "1:11: error: an upstream needs at least one endpoint"},
      {"upstream: ['http://a', 'https://b']", "1:24: error: the endpoints of one upstream"},
      {"upstream: ['http://a', 7]", "1:24: error: an endpoint is a URL"},
      {"upstream: {url: 'http://a', ejektion: {}}", "Did you mean \"ejection\"?"},
      {"upstream: {url: 'http://a', ejection: {base: 10s, max: 5s}}", "`max` is shorter than `base`"},
      {"upstream: {url: 'http://a', health_check: {interval: 1s}}", "needs the key \"path\""},
      {"upstream: {url: 'http://a', health_check: {path: 'well'}}", "is not a path to ask for"},
      {"upstream: {url: 'http://a', retries: {statuses: [503]}}", "for idempotent methods only"},
      {"upstream: {url: 'http://a', retries: {idempotent: true, statuses: [404]}}", "from 500 to 504"},
      {"upstream: {url: 'https://a', certificate: a.pem}", "a certificate and its key go together"},
      {"upstream: {url: 'http://a', spiffe_id: 'spiffe://x/y'}", "mean nothing without https"},
      {"upstream: {url: 'https://a', spiffe_id: 'https://x/y'}", "is not a SPIFFE ID"},
      {"upstreams: {billing: {endpoint: ['http://a']}}", "Did you mean \"endpoints\"?"},
      {"upstreams: {default: 'http://a'}", "1:22: error: \"default\" is the name of `upstream` itself"},
      {"upstreams: {'a b': 'http://a'}", "1:20: error: \"a b\" is not a name for an upstream"},
      {"upstreams: {billing: ''}", "caponier.yaml:1:22: error: "},
      {"upstreams: {billing: 7}", "caponier.yaml:1:22: error: "},
      {"upstream: {url: 'http://a', requests_max: 0}", "caponier.yaml:1:43: error: "},
      {"upstream: {url: 'http://a', pending_max: 0}", "caponier.yaml:1:42: error: "},
      {"upstream: {url: 'http://a', ejection: {percent_max: 101}}", "caponier.yaml:1:53: error: "},
      {"upstream: {url: 'http://a', retries: {attempts_max: 6}}", "caponier.yaml:1:53: error: "},
  };
  for (const auto& c : kCases) {
    EXPECT_NE(wrong_with(c.text).find(c.says), std::string::npos) << c.text << '\n' << wrong_with(c.text);
  }
}

TEST(ReadUpstreams, a_protocol_is_one_that_can_be_spoken) {
  EXPECT_EQ(wrong_with("upstream: {url: 'http://a:1', protocol: http1}"), "");
  EXPECT_EQ(wrong_with("upstreams: {b: {url: 'http://a:1', protocol: auto}}"), "");
  EXPECT_EQ(wrong_with("upstream: {url: 'http://a:1', protocol: h2}"),
            "caponier.yaml:1:41: error: \"h2\" is not a protocol of upstreams [invalid-value] (at "
            "/upstream/protocol)\n"
            "  fix: Write auto, http1 or http2.\n");
}

TEST(ReadUpstreams, there_are_so_many_endpoints_and_names_and_no_more) {
  const auto endpoints = [](std::uint32_t count) {
    std::string text = "upstream: [";
    for (std::uint32_t i = 1; i <= count; ++i) text += "'http://127.0.0.1:" + std::to_string(i) + "', ";
    return text + "]";
  };
  EXPECT_EQ(wrong_with(endpoints(kUpstreamEndpointsMax)), "");
  EXPECT_NE(wrong_with(endpoints(kUpstreamEndpointsMax + 1)).find("at most 64 endpoints"), std::string::npos);
  const auto names = [](std::uint32_t count) {
    std::string text = "upstreams:\n";
    for (std::uint32_t i = 1; i <= count; ++i) text += "  u" + std::to_string(i) + ": 'http://127.0.0.1'\n";
    return text;
  };
  EXPECT_EQ(wrong_with(names(kUpstreamsMax)), "");
  EXPECT_NE(wrong_with(names(kUpstreamsMax + 1)).find("at most 64 upstreams"), std::string::npos);
  EXPECT_EQ(wrong_with("upstreams: {" + std::string(64, 'x') + ": 'http://127.0.0.1'}"), "");
  EXPECT_NE(wrong_with("upstreams: {" + std::string(65, 'x') + ": 'http://127.0.0.1'}"), "");
}

}  // namespace
}  // namespace caponier::config
