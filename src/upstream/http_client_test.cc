#include "upstream/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "net/test_net.h"
#include "upstream/test_server.h"

namespace caponier::upstream {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using Text = Result<std::string, std::string>;

struct World {
  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  ~World() { net::destroy_spawned(); }

  static net::Task<void> run(World* self, GetRequest request, std::optional<Text>* into) {
    into->emplace(co_await get_json(self->network, std::move(request)));
  }
  Text get(const std::string& url, bool allow_internal, std::uint32_t bytes_max = 1000) {
    GetRequest request;
    request.url = uri::parse_url(url).value();
    request.allow_internal_addresses = allow_internal;
    request.bytes_max = bytes_max;
    request.deadline_ms = loop.now_ms() + 5000;
    std::optional<Text> text;
    net::spawn(run(this, std::move(request), &text));
    loop.run_until([&text] { return text.has_value(); });
    return std::move(*text);
  }
};

const net::Address kPublic = *net::parse_address("203.0.114.7", 80);

TEST(HttpClient, gets_json) {
  World world;
  TestServer server(world.network, kPublic, json_answer("{\"keys\":[]}"));
  world.network.set_host("keys.example", {kPublic});
  auto text = world.get("http://keys.example/jwks?v=1", false);
  ASSERT_TRUE(text) << text.error();
  EXPECT_EQ(*text, "{\"keys\":[]}");
  EXPECT_THAT(server.requests.at(0), StartsWith("GET /jwks?v=1 HTTP/1.1\r\nHost: keys.example\r\n"));
}

// SSRF: what a name leads to is judged, not the name.
TEST(HttpClient, a_name_that_leads_to_an_internal_address_is_not_connected_to) {
  for (const char* address : {"127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fe80::1",
                              "fd00::1", "::ffff:127.0.0.1", "0.0.0.0"}) {
    World world;
    const net::Address internal = *net::parse_address(address, 80);
    TestServer server(world.network, internal, json_answer("{}"));
    world.network.set_host("keys.example", {internal});
    auto refused = world.get("http://keys.example/", false);
    ASSERT_FALSE(refused) << address;
    EXPECT_THAT(refused.error(), HasSubstr("internal address")) << address;
    EXPECT_EQ(world.network.connects(), 0U) << address;
    EXPECT_TRUE(world.get("http://keys.example/", true)) << address;
  }
}

TEST(HttpClient, an_internal_address_as_a_literal_is_refused_too) {
  World world;
  TestServer server(world.network, *net::parse_address("169.254.169.254", 80), json_answer("{}"));
  EXPECT_FALSE(world.get("http://169.254.169.254/latest/meta-data", false));
  EXPECT_EQ(server.connections, 0U);
}

TEST(HttpClient, of_several_addresses_only_public_ones_are_tried) {
  World world;
  const net::Address internal = *net::parse_address("10.0.0.1", 80);
  TestServer inside(world.network, internal, json_answer("{\"inside\":1}"));
  TestServer outside(world.network, kPublic, json_answer("{}"));
  world.network.set_host("keys.example", {internal, kPublic});
  auto text = world.get("http://keys.example/", false);
  ASSERT_TRUE(text) << text.error();
  EXPECT_EQ(*text, "{}");
  EXPECT_EQ(inside.connections, 0U);
}

TEST(HttpClient, a_redirect_is_not_followed) {
  World world;
  TestServer server(world.network, kPublic,
                    "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n");
  auto text = world.get("http://203.0.114.7/", false);
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error(), HasSubstr("redirect"));
  EXPECT_EQ(world.network.connects(), 1U);
}

TEST(HttpClient, what_is_not_a_json_answer_is_an_error_that_says_so) {
  struct Row {
    std::string answer, says;
  };
  for (const Row& row : {Row{json_answer("{}", "text/html"), "not JSON"},
                         Row{json_answer("{}", "application/json", "500 Oops"), "status 500"},
                         Row{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "not JSON"},
                         Row{"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "malformed HTTP"},
                         Row{"SSH-2.0-OpenSSH\r\n\r\n", "malformed HTTP"}}) {
    World world;
    TestServer server(world.network, kPublic, row.answer);
    auto text = world.get("http://203.0.114.7/", false);
    ASSERT_FALSE(text) << row.answer;
    EXPECT_THAT(text.error(), HasSubstr(row.says));
  }
}

TEST(HttpClient, a_body_at_its_bound_comes_and_one_byte_more_does_not) {
  for (const std::size_t over : {0U, 1U}) {
    World world;
    const std::string body = "\"" + std::string(998 + over, 'x') + "\"";
    TestServer server(world.network, kPublic, json_answer(body));
    EXPECT_EQ(world.get("http://203.0.114.7/", false).ok(), over == 0);
  }
}

TEST(HttpClient, an_answer_that_ends_early_or_never_comes_is_an_error) {
  World world;
  TestServer server(world.network, kPublic,
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{");
  auto late = world.get("http://203.0.114.7/", false);
  EXPECT_FALSE(late);
  server.ends_after_answer = true;
  auto early = world.get("http://203.0.114.7/", false);
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error(), HasSubstr("closed before"));
  EXPECT_FALSE(world.get("http://203.0.114.8/", false));
}

}  // namespace
}  // namespace caponier::upstream
