#include "openapi/servers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "openapi/test_document.h"

namespace caponier::openapi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Loaded with_servers(std::string_view servers, std::string_view version = "3.1.0") {
  return load(document("  /a:\n    get: {responses: {default: {description: d}}}\n",
                       "servers: " + std::string(servers) + "\n", version));
}

TEST(Servers, become_base_paths_and_host_names) {
  struct Case {
    std::string_view servers;
    std::vector<std::string> paths;
    std::vector<std::string> hosts;
  };
  const Case cases[] = {
      {"[]", {""}, {}},
      {"[{url: /}]", {""}, {}},
      {"[{url: /v1/}]", {"/v1"}, {}},
      {"[{url: v1}]", {"/v1"}, {}},
      {"[{url: ./v1}]", {"/v1"}, {}},
      {"[{url: 'https://API.Example.com'}]", {""}, {"api.example.com"}},
      {"[{url: 'https://a.com:8443/v1'}, {url: 'http://b.com/v1/'}]", {"/v1"}, {"a.com", "b.com"}},
      {"[{url: '//a.com/v1'}]", {"/v1"}, {"a.com"}},
      {"[{url: 'https://[2001:DB8::1]:443/v1'}]", {"/v1"}, {"2001:db8::1"}},
      {"[{url: 'https://{t}.a.com/{v}', variables: {t: {default: demo}, v: {default: v2, enum: [v1, v2]}}}]",
       {"/v1", "/v2"},
       {"demo.a.com"}},
      {"[{url: '{base}/v1', variables: {base: {default: 'https://a.com', enum: ['https://a.com', '/x']}}}]",
       {"/v1", "/x/v1"},
       {"a.com"}},
      {"[{url: 'https://a.com:{port}/', variables: {port: {default: '443', enum: ['443', '8443']}}}]",
       {""},
       {"a.com"}},
  };
  for (const Case& c : cases) {
    Loaded loaded = with_servers(c.servers);
    EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
    EXPECT_EQ(loaded.contract->operations.at(0).base_paths, c.paths) << c.servers;
    EXPECT_EQ(loaded.contract->server_hosts, c.hosts) << c.servers;
  }
}

TEST(Servers, that_say_two_things_or_nothing_are_refused) {
  struct Case {
    std::string_view servers;
    std::string_view code;
    std::string_view says;
  };
  const Case cases[] = {
      {"[{}]", "missing-member", "\"url\""},
      {"[{url: 1}]", "wrong-type", "\"url\""},
      {"[/v1]", "wrong-type", "a server must be an object"},
      {"[{url: '/{v}'}]", "server-variable", "not declared"},
      {"[{url: '/{v}', variables: {v: {}}}]", "missing-member", "\"default\""},
      {"[{url: '/{v}', variables: {v: {default: a, enum: []}}}]", "server-variable", "empty `enum`"},
      {"[{url: '/{v}', variables: {v: {default: a, enum: [b]}}}]", "server-variable", "not one of its"},
      {"[{url: '/{v'}]", "server-url", "closing"},
      {"[{url: '/v1?x=1'}]", "server-url", "query"},
      {"[{url: '/v1#x'}]", "server-url", "fragment"},
      {"[{url: '/a/../b'}]", "server-url", "dot segments"},
      {"[{url: '/a//b'}]", "server-url", "empty segments"},
      {"[{url: 'https://user@a.com/'}]", "server-url", "not a host name"},
      {"[{url: 'https:///v1'}, {url: 'https://a b/'}]", "server-url", "not a host name"},
  };
  for (const Case& c : cases) {
    const Loaded loaded = with_servers(c.servers);
    EXPECT_EQ(loaded.diagnostics.error_count(), 1U) << c.servers << '\n' << loaded.text();
    EXPECT_TRUE(loaded.says(c.code, c.says)) << c.servers << '\n' << loaded.text();
    EXPECT_FALSE(loaded.contract->operations.at(0).base_paths.empty());
  }
}

std::string enumeration(std::size_t count) {
  std::string text = "[{url: '/{v}', variables: {v: {default: v0, enum: [";
  for (std::size_t i = 0; i < count; ++i) text += "v" + std::to_string(i) + ", ";
  return text + "]}}}]";
}

TEST(Servers, may_stand_for_so_many_paths_and_not_for_one_more) {
  Loaded at_limit = with_servers(enumeration(kServerPathsMax));
  EXPECT_THAT(at_limit.places(), IsEmpty());
  EXPECT_EQ(at_limit.contract->operations.at(0).base_paths.size(), kServerPathsMax);
  EXPECT_TRUE(with_servers(enumeration(kServerPathsMax + 1)).says("server-url", "more than 16"));
  const std::string length_max = "[{url: '/" + std::string(2047, 'a') + "'}]";
  EXPECT_FALSE(with_servers(length_max).diagnostics.has_errors());
  EXPECT_TRUE(with_servers("[{url: '/" + std::string(2048, 'a') + "'}]").says("server-url", "longer than"));
}

TEST(Servers, of_an_operation_go_before_those_of_the_path_and_of_the_document) {
  Loaded loaded =
      load(document("  /a:\n    servers: [{url: /path}]\n    get: {responses: {default: {description: d}}}\n"
                    "    put: {servers: [{url: /own}], responses: {default: {description: d}}}\n"
                    "  /b:\n    get: {responses: {default: {description: d}}}\n",
                    "servers: [{url: /root}]\n"));
  EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
  EXPECT_THAT(loaded.contract->operations.at(0).base_paths, ElementsAre("/path"));
  EXPECT_THAT(loaded.contract->operations.at(1).base_paths, ElementsAre("/own"));
  EXPECT_THAT(loaded.contract->operations.at(2).base_paths, ElementsAre("/root"));
}

}  // namespace
}  // namespace caponier::openapi
