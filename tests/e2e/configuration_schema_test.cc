// The published JSON Schema of caponier.yaml, by `caponier validate`: it accepts every configuration in the
// repository, and none of them with a typo.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "e2e/contract.h"
#include "e2e/process.h"
#include "json/tree_value.h"
#include "yaml/read_tree.h"

namespace caponier::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const fs::path kTop = CAPONIER_SOURCE_DIR;

struct Configuration {
  std::string name;
  std::string text;
};

// What stands between "```yaml" with `mark` behind it and the next fence.
std::vector<Configuration> fenced(const std::string& page, const std::string& mark) {
  const std::string text = read_file(kTop / "docs" / page);
  const std::string fence = "```yaml" + mark + "\n";
  std::vector<Configuration> out;
  for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
    at += fence.size();
    const std::size_t end = text.find("```", at);
    out.push_back({page + (mark.empty() ? "-part-" : "-whole-") + std::to_string(out.size()),
                   text.substr(at, end - at)});
    at = end;
  }
  return out;
}

std::vector<Configuration> configurations() {
  std::vector<Configuration> out;
  for (const auto& entry : fs::directory_iterator(kTop / "tests" / "real")) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".yaml") && !name.ends_with(".overlay.yaml"))
      out.push_back({name, read_file(entry.path())});
  }
  for (auto&& [page, mark] :
       {std::pair("configuration.md", ""), std::pair("upstreams.md", ""),
        std::pair("upstreams.md", " file=caponier.yaml"), std::pair("quick-start.md", " file=caponier.yaml"),
        std::pair("api-keys.md", ""), std::pair("listeners.md", " file=caponier.yaml"),
        std::pair("operations.md", " file=caponier.yaml"), std::pair("report-only.md", " file=caponier.yaml"),
        std::pair("upstream-identity.md", " file=caponier.yaml"),
        std::pair("upstream-identity.md", " file=tokens.yaml")}) {
    std::vector<Configuration> more = fenced(page, mark);
    EXPECT_FALSE(more.empty()) << page << mark;
    std::ranges::move(more, std::back_inserter(out));
  }
  return out;
}

class ConfigurationSchema : public testing::Test {
 protected:
  // The files, as JSON, judged in one go. `typo`: at the end of one top-level member's name; -1: of none.
  Finished judge(const std::vector<Configuration>& all, int typo) {
    Words words = {"validate", "--schema", kTop / "docs" / "caponier.schema.json"};
    for (const Configuration& one : all) {
      auto tree = yaml::read_tree(one.text, one.name);
      EXPECT_TRUE(tree.ok()) << one.name;
      if (!tree.ok()) continue;
      const Node& root = *(*tree)->root();
      std::string text = "{";
      int at = 0;
      for (const Node& member : root) {
        const bool wrong = typo >= 0 && at == typo % static_cast<int>(root.child_count);
        text += std::string(at++ > 0 ? "," : "") + '"' + std::string(member.key) + (wrong ? "x" : "") + "\":";
        json::append_text(text, member);
      }
      words.push_back(folder_.write(one.name + ".json", text + "}"));
    }
    return run_caponier(words);
  }
  TestFolder folder_;
};

TEST_F(ConfigurationSchema, accepts_every_configuration_in_the_repository) {
  const std::vector<Configuration> all = configurations();
  ASSERT_GE(all.size(), 28U);
  const Finished done = judge(all, -1);
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  for (const Configuration& one : all) EXPECT_THAT(done.out, HasSubstr(one.name + ".json: valid\n"));
}

TEST_F(ConfigurationSchema, refuses_every_one_of_them_with_a_typo) {
  const std::vector<Configuration> all = configurations();
  for (int member = 0; member < 5; ++member) {
    const Finished done = judge(all, member);
    EXPECT_EQ(done.status, 1) << done.err;
    EXPECT_THAT(done.out, Not(HasSubstr(": valid\n")));
    for (const Configuration& one : all) EXPECT_THAT(done.out, HasSubstr(one.name + ".json: not valid"));
  }
}

TEST_F(ConfigurationSchema, refuses_what_the_reader_of_the_configuration_refuses) {
  for (const char* const text :
       {"limits: {memory: {in_flight_byte_max: 5MiB}}",
        "limits: {forms: {inflate_ratio_max: 0}}",
        "limits: {forms: {inflate_ratio_max: many}}",
        "upstream: {ulr: 'http://a'}",
        "upstream: {url: 'http://a', endpoints: ['http://b']}",
        "upstream: []",
        "upstream: {url: 'https://a', key: k.pem}",
        "upstream: {url: 'http://a', retries: {attempts_max: 6}}",
        "upstreams: {a: {url: 'http://a', health_check: {interval: 1s}}}",
        "contract: ''",
        "identity_token: {}",
        "identity_token: {issuer: a, algorithm: HS256}",
        "identity_token: {issuer: a, key: secret}",
        "identity_token: {issuer: a, next_key: 'env://K'}",
        "upstream: {url: 'http://a', identity_token: {authorization: drop}}",
        "upstream: {url: 'http://a', token: {scope: [a]}}",
        "upstream: {url: 'http://a', token: {issuer: a, grant: password}}",
        "issuers: [{audiences: [a]}]",
        "security_schemes: {a: {issuer: 7}}",
        "timeouts: {head: soon}",
        "operations: [{path: 'GET /a', exposedd: false}]",
        "listeners: [{listen: '127.0.0.1:0', trusted_proxies: []}]",
        "listeners: [{listen: '127.0.0.1:0', proxy_protocol: [proxy.internal]}]",
        "listeners: [{listen: '127.0.0.1:0', certificates: [{certificate: c}]}]",
        "listeners: [{listen: '127.0.0.1:0', client_certificates: {mode: always, ca: c}}]",
        "listeners: [{listen: 'http://127.0.0.1:0', redirect: 'http://a.example'}]",
        "listeners: [{listen: '127.0.0.1:0', trusted_proxies: [10.0.0.1], forwarded_header: via}]"}) {
    const std::vector<Configuration> one = {{"one", text}};
    EXPECT_EQ(judge(one, -1).status, 1) << text;
    const std::string config = folder_.write("caponier.yaml", text);
    const Finished check =
        run_caponier({"check", "--dev", "--config", config, "--upstream", "http://127.0.0.1:1", "--contract",
                      folder_.write("api.yaml", kContract)});
    EXPECT_EQ(check.status, 2) << text;
    EXPECT_THAT(check.err, HasSubstr("caponier.yaml:1:")) << text << check.err;
  }
}

}  // namespace
}  // namespace caponier::e2e
