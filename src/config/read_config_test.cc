#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/bounds.h"
#include "config/config.h"
#include "config/reader.h"

namespace caponier::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Read {
  std::unique_ptr<Config> config;
  Diagnostics diagnostics;

  [[nodiscard]] std::string text() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.all()) out += to_text(d) + "\n";
    return out;
  }
  [[nodiscard]] bool says(std::string_view part) const { return text().find(part) != std::string::npos; }
};

Read read(std::string_view text, const std::string& file = "etc/caponier.yaml") {
  Read out;
  out.config = read_config(text, file, out.diagnostics);
  return out;
}

constexpr std::string_view kEverything = R"(contract: openapi.yaml
overlays: [ours.yaml, /etc/site.yaml]
upstream: {url: 'https://orders.internal:9443', ca_file: ca.pem, server_name: orders}
listeners:
  - {listen: 'https://0.0.0.0:8443', certificate: tls/chain.pem, key: /run/key.pem}
  - {name: inside, listen: 'http://10.0.0.1:8080', surface: internal}
hosts: [API.example.com, '[::1]', '::2']
origins: ['https://App.example.com', 'http://localhost:3000']
issuers:
  - issuer: https://login.example.com/
    audiences: [orders]
    jwks_uri: https://login.example.com/keys
    algorithms: [ES256, EdDSA]
    leeway: 10s
    token_lifetime_max: 1h
    ca_file: login.pem
  - issuer: local
    audiences: any
    jwks_file: keys.json
    allow_internal_addresses: true
security_schemes:
  bearer: {issuer: https://login.example.com/}
  other: {issuers: [local, https://login.example.com/]}
api_keys: {hash_key: "env://HASH_KEY"}
defaults: {rate_limit: {per_address: 20/m}}
operations:
  - {operation: getOrder, owner: {claim: sub, parameter: id}}
  - {path: '* /admin/**', exposed: false}
state_dir: state
log: {file: decisions.ndjson}
workers: 2
limits:
  http: {head_bytes_max: 64KiB}
  json: {depth_max: 16}
  parameters_max: 50
timeouts: {exchange: 1m, upstream_connect: 250ms}
)";

TEST(ReadConfig, every_key_reaches_its_place) {
  const Read got = read(kEverything);
  ASSERT_THAT(got.diagnostics.all(), IsEmpty()) << got.text();
  const Config& config = *got.config;
  EXPECT_EQ(config.file, "etc/caponier.yaml");
  EXPECT_EQ(config.contract_file, "etc/openapi.yaml");
  EXPECT_EQ(config.contract_origin.position.line, 1U);
  ASSERT_EQ(config.overlays.size(), 2U);
  EXPECT_EQ(config.overlays[0].file, "etc/ours.yaml");
  EXPECT_EQ(config.overlays[0].origin.position.line, 2U);
  EXPECT_EQ(config.overlays[1].file, "/etc/site.yaml");
  EXPECT_EQ(config.upstream.url, "https://orders.internal:9443");
  EXPECT_EQ(config.upstream.ca_file, "etc/ca.pem");
  EXPECT_EQ(config.upstream.server_name, "orders");
  ASSERT_EQ(config.listeners.size(), 2U);
  EXPECT_EQ(config.listeners[0].name, "public");
  EXPECT_EQ(config.listeners[0].certificates.at(0).certificate_file, "etc/tls/chain.pem");
  EXPECT_EQ(config.listeners[0].certificates.at(0).key_file, "/run/key.pem");
  EXPECT_EQ(config.listeners[0].surface, Surface::kPublic);
  EXPECT_EQ(config.listeners[1].surface, Surface::kInternal);
  EXPECT_EQ(config.listeners[1].origin.position.line, 6U);
  EXPECT_THAT(config.hosts, ElementsAre("api.example.com", "::1", "::2"));
  EXPECT_THAT(config.origins, ElementsAre("https://app.example.com", "http://localhost:3000"));
  ASSERT_EQ(config.issuers.size(), 2U);
  EXPECT_EQ(config.issuers[0].issuer, "https://login.example.com/");
  EXPECT_THAT(config.issuers[0].audiences, ElementsAre("orders"));
  EXPECT_EQ(config.issuers[0].jwks_uri, "https://login.example.com/keys");
  EXPECT_THAT(config.issuers[0].algorithms, ElementsAre("ES256", "EdDSA"));
  EXPECT_EQ(config.issuers[0].leeway_s, 10);
  EXPECT_EQ(config.issuers[0].token_lifetime_max_s, 3600);
  EXPECT_EQ(config.issuers[0].ca_file, "etc/login.pem");
  EXPECT_EQ(config.issuers[0].origin.pointer, "/issuers/0");
  EXPECT_TRUE(config.issuers[1].any_audience);
  EXPECT_TRUE(config.issuers[1].allow_internal_addresses);
  EXPECT_EQ(config.issuers[1].jwks_file, "etc/keys.json");
  ASSERT_EQ(config.schemes.size(), 2U);
  EXPECT_EQ(config.schemes[0].scheme, "bearer");
  EXPECT_THAT(config.schemes[0].issuers, ElementsAre("https://login.example.com/"));
  EXPECT_THAT(config.schemes[1].issuers, ElementsAre("local", "https://login.example.com/"));
  EXPECT_EQ(config.api_keys.hash_key.text(), "env://HASH_KEY");
  ASSERT_NE(config.defaults, nullptr);
  EXPECT_NE(config.defaults->find("rate_limit"), nullptr);
  ASSERT_EQ(config.operations.size(), 2U);
  EXPECT_EQ(config.operations[0].operation_id, "getOrder");
  EXPECT_NE(config.operations[0].members->find("owner"), nullptr);
  EXPECT_EQ(config.operations[1].path_pattern, "* /admin/**");
  EXPECT_EQ(config.state_dir, "etc/state");
  EXPECT_EQ(config.log_file, "etc/decisions.ndjson");
  EXPECT_EQ(config.workers, 2U);
  EXPECT_EQ(config.limits.http.head_bytes_max, 64U * 1024);
  EXPECT_EQ(config.limits.json.depth_max, 16U);
  EXPECT_EQ(config.limits.parameters_max, 50U);
  EXPECT_EQ(config.limits.time.exchange_ms, 60'000);
  EXPECT_EQ(config.limits.time.upstream_connect_ms, 250);
  EXPECT_EQ(config.limits.http.header_count_max, Limits().http.header_count_max);
}

TEST(ReadConfig, short_forms_and_defaults) {
  const Read got = read("upstream: http://127.0.0.1:9000\nlog: {file: '-'}\n", "caponier.yaml");
  EXPECT_THAT(got.diagnostics.all(), IsEmpty()) << got.text();
  EXPECT_EQ(got.config->upstream.url, "http://127.0.0.1:9000");
  EXPECT_EQ(got.config->log_file, "-");
  EXPECT_EQ(got.config->contract_file, "");
  EXPECT_EQ(got.config->workers, 0U);
  EXPECT_FALSE(got.config->dev);
  EXPECT_EQ(read("contract: a.yaml\n", "caponier.yaml").config->contract_file, "a.yaml");
  EXPECT_EQ(read("contract: ../a.yaml\n", "/etc/caponier/c.yaml").config->contract_file, "/etc/a.yaml");
}

struct Fault {
  std::string_view text;
  std::uint32_t line;
  std::uint32_t column;
  std::string_view code;
  std::string_view says;
};

void expect_fault(const Fault& fault) {
  const Read got = read(fault.text);
  ASSERT_EQ(got.diagnostics.all().size(), 1U) << fault.text << '\n' << got.text();
  const Diagnostic& d = got.diagnostics.all().front();
  EXPECT_EQ(d.code, fault.code) << fault.text;
  EXPECT_EQ(d.position.line, fault.line) << fault.text << got.text();
  EXPECT_EQ(d.position.column, fault.column) << fault.text << got.text();
  EXPECT_EQ(d.file, "etc/caponier.yaml");
  EXPECT_TRUE(got.says(fault.says)) << fault.text << '\n' << got.text();
}

TEST(ReadConfig, unknown_keys_and_wrong_types_are_refused_where_they_stand) {
  const Fault faults[] = {
      {"listener: []\n", 1, 1, "unknown-key", "Did you mean \"listeners\""},
      {"dev: true\n", 1, 1, "unknown-key", "\"dev\""},
      {"log: {fil: a}\n", 1, 7, "unknown-key", "Did you mean \"file\""},
      {"upstream: {url: 'http://a', server: b}\n", 1, 29, "unknown-key",
       "\"server\" is not a key of `upstream`"},
      {"listeners: [{listen: 'a:1', tls: true}]\n", 1, 29, "unknown-key", "a listener"},
      {"issuers: [{issuer: a, jwks_file: b, audience: c}]\n", 1, 37, "unknown-key",
       "Did you mean \"audiences\""},
      {"security_schemes: {a: {issuer: b, type: c}}\n", 1, 35, "unknown-key", "a security scheme"},
      {"timeouts: {idle: 1s}\n", 1, 12, "unknown-key", "`timeouts`"},
      {"limits: {htpp: {}}\n", 1, 10, "unknown-key", "Did you mean \"http\""},
      {"limits: {json: {depth: 1}}\n", 1, 17, "unknown-key", "`limits.json`"},
      {"[]\n", 1, 1, "wrong-type", "the configuration must be an object"},
      {"contract: 1\n", 1, 11, "wrong-type", "\"contract\" must be a string"},
      {"overlays: a.yaml\n", 1, 11, "wrong-type", "must be a list"},
      {"overlays: [1]\n", 1, 12, "wrong-type", "must be a string"},
      {"contract: ''\n", 1, 11, "invalid-value", "must not be empty"},
      {"contract: \"a\\0b\"\n", 1, 11, "invalid-value", "control characters"},
      {"hosts: a\n", 1, 8, "wrong-type", "\"hosts\" must be a list"},
      {"hosts: [1]\n", 1, 9, "wrong-type", "an element of \"hosts\""},
      {"log: a\n", 1, 6, "wrong-type", "\"log\" must be an object"},
      {"defaults: []\n", 1, 11, "wrong-type", "\"defaults\""},
      {"workers: two\n", 1, 10, "wrong-type", "a number"},
      {"workers: 1025\n", 1, 10, "out-of-range", "from 0 to 1024"},
      {"workers: 1.5\n", 1, 10, "out-of-range", "whole number"},
      {"listeners: [{listen: 'a:1', surface: [internal]}]\n", 1, 38, "wrong-type", "a string"},
      {"listeners: [a]\n", 1, 13, "wrong-type", "a listener must be an object"},
      {"timeouts: {head: 10}\n", 1, 18, "invalid-value", "250ms, 30s"},
      {"timeouts: {head: 10 s}\n", 1, 18, "invalid-value", "must be a duration"},
      {"limits: {http: {head_bytes_max: 1K}}\n", 1, 33, "invalid-value", "64KiB"},
  };
  for (const Fault& fault : faults) expect_fault(fault);
}

TEST(ReadConfig, what_contradicts_itself_or_weakens_silently_is_refused) {
  const Fault faults[] = {
      {"upstream: 'ftp://a'\n", 1, 11, "invalid-value", "not an upstream's URL"},
      {"upstream: {url: 'http://a', server_name: b}\n", 1, 11, "invalid-value", "without https"},
      {"upstream: 'http://a/?x=1'\n", 1, 11, "invalid-value", "no query"},
      {"upstream: {ca_file: a}\n", 1, 11, "missing-key", "\"url\""},
      {"listeners: [{}]\n", 1, 13, "missing-key", "\"listen\""},
      {"listeners: [{listen: nowhere}]\n", 1, 22, "invalid-value", "not an address"},
      {"listeners: [{listen: 'http://0.0.0.0:80'}]\n", 1, 22, "plain-http", "surface: internal"},
      {"listeners: [{listen: '127.0.0.1:1', surface: intrenal}]\n", 1, 46, "invalid-value",
       "Did you mean \"internal\""},
      {"listeners: [{listen: '10.0.0.1:9901', surface: admin}]\n", 1, 22, "admin-reachable", "127.0.0.1"},
      {"listeners: [{listen: 'http://127.1:80'}]\n", 1, 22, "invalid-value", "not an address"},
      {"listeners: [{listen: 'http://127.0.0.1.example.com:80'}]\n", 1, 22, "plain-http", "loopback only"},
      {"listeners: [{listen: 'https://a:1', certificate: c}]\n", 1, 13, "missing-key", "Add `key`"},
      {"listeners: [{listen: 'https://a:1', key: c}]\n", 1, 13, "missing-key", "Add `certificate`"},
      {"listeners: [{listen: 'http://127.0.0.1:1', key: c, certificate: d}]\n", 1, 13, "invalid-value",
       "has no certificate"},
      {"listeners: [{listen: 'a:1'}, {listen: 'a:2'}]\n", 1, 30, "duplicate-name", "\"public\""},
      {"hosts: ['https://a.com']\n", 1, 8, "invalid-value", "without scheme"},
      {"hosts: ['a.com:80']\n", 1, 8, "invalid-value", "port"},
      {"origins: [a.com]\n", 1, 10, "invalid-value", "is not an origin"},
      {"origins: ['https://a.com/']\n", 1, 10, "invalid-value", "without path"},
      {"origins: ['https://a.com:443']\n", 1, 10, "invalid-value", "default port"},
      {"origins: ['*']\n", 1, 10, "invalid-value", "as browsers do"},
      {"issuers: [{audiences: [a]}]\n", 1, 11, "missing-key", "\"issuer\""},
      {"issuers: [{issuer: a}]\n", 1, 20, "invalid-value", "is not a URL"},
      {"issuers: [{issuer: 'http://a'}]\n", 1, 20, "plain-http", "allow_internal_addresses"},
      {"issuers: [{issuer: a, jwks_uri: 'http://a/k'}]\n", 1, 33, "plain-http", "`jwks_uri` must be"},
      {"issuers: [{issuer: a, jwks_uri: 'https://a/k', jwks_file: b}]\n", 1, 59, "invalid-value", "exclude"},
      {"issuers: [{issuer: a, jwks_file: b, audiences: []}]\n", 1, 48, "invalid-value", "audiences: any"},
      {"issuers: [{issuer: a, jwks_file: b, audiences: one}]\n", 1, 48, "wrong-type", "a list"},
      {"issuers: [{issuer: a, jwks_file: b, algorithms: [HS256]}]\n", 1, 49, "invalid-value", "\"HS256\""},
      {"issuers: [{issuer: a, jwks_file: b, algorithms: [none]}]\n", 1, 49, "invalid-value", "\"none\""},
      {"issuers: [{issuer: a, jwks_file: b, leeway: 301s}]\n", 1, 45, "out-of-range", "from 0ms to 5m"},
      {"issuers: [{issuer: a, jwks_file: b, token_lifetime_max: 0s}]\n", 1, 57, "out-of-range", "from 1s"},
      {"issuers: [{issuer: a, jwks_file: b}, {issuer: a, jwks_file: c}]\n", 1, 38, "duplicate-name", "twice"},
      {"security_schemes: {a: {}}\n", 1, 20, "missing-key", "exactly one"},
      {"security_schemes: {a: {issuer: b, issuers: [c]}}\n", 1, 20, "invalid-value", "exactly one"},
      {"security_schemes: {a: {issuer: b, keys_file: c}}\n", 1, 35, "unknown-key", "keys_file"},
      {"api_keys: {hash_key: hunter2}\n", 1, 22, "literal-secret", "where it is, and never written here"},
      {"api_keys: {hash_key: 'file://relative'}\n", 1, 22, "literal-secret", "an absolute path"},
      {"api_keys: {hashkey: 'env://A'}\n", 1, 12, "unknown-key", "hash_key"},
      {"operations: [a]\n", 1, 14, "wrong-type", "an operation"},
      {"operations: [{exposed: false}]\n", 1, 14, "missing-key", "exactly one"},
      {"operations: [{operation: a, path: 'GET /a', exposed: false}]\n", 1, 14, "missing-key", "exactly one"},
      {"operations: [{operation: a}]\n", 1, 14, "missing-key", "says nothing"},
      {"operations: [{path: /a, exposed: false}]\n", 1, 21, "invalid-value", "a method, a space"},
      {"operations: [{path: get /a, exposed: false}]\n", 1, 21, "invalid-value", "in capitals"},
      {"operations: [{path: GET a, exposed: false}]\n", 1, 21, "invalid-value", "begins with a slash"},
      {"operations: [{path: GET /**/a, exposed: false}]\n", 1, 21, "invalid-value", "last segment"},
      {"operations: [{path: GET /a*, exposed: false}]\n", 1, 21, "invalid-value", "whole segment"},
  };
  for (const Fault& fault : faults) expect_fault(fault);
}

TEST(ReadConfig, all_problems_are_reported_in_one_go) {
  const Read got = read("workers: x\nhost: a\nlog: 1\n");
  EXPECT_EQ(got.diagnostics.error_count(), 3U) << got.text();
}

TEST(ReadConfig, a_text_that_is_no_yaml_or_too_large_is_refused) {
  EXPECT_TRUE(read("a: [").diagnostics.has_errors());
  EXPECT_TRUE(read("a: 1\na: 2\n").diagnostics.has_errors());
  EXPECT_TRUE(read(std::string(kConfigBytesMax + 1, '\n')).says("larger than"));
}

std::string limit_text(const LimitBound& limit, const std::string& value) {
  const std::string entry = std::string(limit.name) + ": " + value;
  return "limits: {" + (limit.group.empty() ? entry : std::string(limit.group) + ": {" + entry + "}") + "}\n";
}

TEST(ReadConfig, every_limit_moves_to_its_bounds_and_no_further) {
  for (const LimitBound& limit : limit_bounds()) {
    for (const std::uint64_t value : {limit.min, limit.max}) {
      const Read got = read(limit_text(limit, std::to_string(value)));
      EXPECT_THAT(got.diagnostics.all(), IsEmpty()) << got.text();
      EXPECT_EQ(limit.get(got.config->limits), value) << limit.name;
    }
    for (const std::uint64_t value : {limit.min - 1, limit.max + 1}) {
      const Read got = read(limit_text(limit, std::to_string(value)));
      EXPECT_TRUE(got.says("out-of-range")) << limit.name << value << got.text();
      EXPECT_EQ(limit.get(got.config->limits), limit.get(Limits())) << limit.name;
    }
    EXPECT_GE(limit.get(Limits()), limit.min) << limit.name;
    EXPECT_LE(limit.get(Limits()), limit.max) << limit.name;
  }
}

TEST(ReadConfig, every_timeout_moves_to_its_bounds_and_no_further) {
  for (const TimeBound& time : time_bounds()) {
    const auto text = [&time](std::int64_t ms) {
      return "timeouts: {" + std::string(time.name) + ": " + std::to_string(ms) + "ms}\n";
    };
    for (const std::int64_t ms : {time.min_ms, time.max_ms}) {
      const Read got = read(text(ms));
      EXPECT_THAT(got.diagnostics.all(), IsEmpty()) << got.text();
      EXPECT_EQ(got.config->limits.time.*time.field, ms);
    }
    EXPECT_TRUE(read(text(time.max_ms + 1)).says("out-of-range")) << time.name;
    if (time.min_ms > 0) {
      EXPECT_TRUE(read(text(time.min_ms - 1)).says("out-of-range")) << time.name;
    }
    EXPECT_GE(TimeLimits().*time.field, time.min_ms) << time.name;
    EXPECT_LE(TimeLimits().*time.field, time.max_ms) << time.name;
  }
}

TEST(ReadConfig, durations_and_sizes_are_shown_in_their_largest_unit) {
  EXPECT_EQ(duration_text(86'400'000), "1d");
  EXPECT_EQ(duration_text(90'000), "90s");
  EXPECT_EQ(duration_text(1'500), "1500ms");
  EXPECT_EQ(duration_text(0), "0ms");
  EXPECT_EQ(bytes_text(65536), "64KiB");
  EXPECT_EQ(bytes_text(1000), "1000");
  EXPECT_EQ(bytes_text(0), "0");
}

}  // namespace
}  // namespace caponier::config
