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

using Answer = Result<JsonAnswer, FetchFailure>;

struct World {
  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  std::shared_ptr<KeptConnections> connections;
  ~World() { net::destroy_spawned(); }

  static net::Task<void> run(World* self, JsonRequest request, std::optional<Answer>* into) {
    into->emplace(co_await fetch_json(self->network, std::move(request)));
  }
  Answer get(const std::string& url, bool allow_internal, std::uint32_t bytes_max = 1000) {
    JsonRequest request;
    request.url = uri::parse_url(url).value();
    request.allow_internal_addresses = allow_internal;
    request.bytes_max = bytes_max;
    request.deadline_ms = loop.now_ms() + 5000;
    request.connections = connections;
    std::optional<Answer> text;
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
  ASSERT_TRUE(text) << text.error().detail;
  EXPECT_EQ(text->body, "{\"keys\":[]}");
  EXPECT_THAT(server.requests.at(0), StartsWith("GET /jwks?v=1 HTTP/1.1\r\nHost: keys.example\r\n"));
}

// SSRF: what a name leads to is judged, not the name.
TEST(HttpClient, a_name_that_leads_to_an_internal_address_is_not_connected_to) {
  for (const char* address :
       {"127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fe80::1", "fd00::1",
        "::ffff:127.0.0.1", "0.0.0.0",
        // Mapped, translated (RFC 6052, RFC 8215), 6to4, and clouds' metadata.
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::a00:1",
        "2002:7f00:1::", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "ff02::1", "::"}) {
    World world;
    const net::Address internal = *net::parse_address(address, 80);
    TestServer server(world.network, internal, json_answer("{}"));
    world.network.set_host("keys.example", {internal});
    auto refused = world.get("http://keys.example/", false);
    ASSERT_FALSE(refused) << address;
    EXPECT_THAT(refused.error().detail, HasSubstr("internal address")) << address;
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
  ASSERT_TRUE(text) << text.error().detail;
  EXPECT_EQ(text->body, "{}");
  EXPECT_EQ(inside.connections, 0U);
}

TEST(HttpClient, a_redirect_is_not_followed) {
  World world;
  TestServer server(world.network, kPublic,
                    "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n");
  auto text = world.get("http://203.0.114.7/", false);
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().detail, HasSubstr("redirect"));
  EXPECT_EQ(world.network.connects(), 1U);
}

TEST(HttpClient, what_is_not_a_json_answer_is_an_error_that_says_so) {
  struct Row {
    std::string answer, says;
    FetchError error;
  };
  for (const Row& row :
       {Row{json_answer("{}", "text/html"), "not JSON", FetchError::kType},
        Row{json_answer("{}", "application/json", "500 Oops"), "status 500", FetchError::kStatus},
        Row{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "not JSON", FetchError::kType},
        Row{"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "malformed HTTP", FetchError::kProtocol},
        Row{"SSH-2.0-OpenSSH\r\n\r\n", "malformed HTTP", FetchError::kProtocol}}) {
    World world;
    TestServer server(world.network, kPublic, row.answer);
    auto text = world.get("http://203.0.114.7/", false);
    ASSERT_FALSE(text) << row.answer;
    EXPECT_THAT(text.error().detail, HasSubstr(row.says));
    EXPECT_EQ(text.error().error, row.error);
  }
}

TEST(HttpClient, says_for_how_long_the_answer_may_be_kept) {
  struct Row {
    std::string fields;
    std::optional<std::int64_t> fresh_s;
  };
  for (const Row& row : {Row{"", std::nullopt}, Row{"Cache-Control: max-age=600\r\n", 600},
                         Row{"Cache-Control: public, MAX-AGE=600\r\nAge: 100\r\n", 500},
                         Row{"Cache-Control: max-age=60\r\nAge: 100\r\n", 0},
                         Row{"Cache-Control: max-age=600, no-cache\r\n", 0},
                         Row{"Cache-Control: no-store, max-age=600\r\n", 0},
                         Row{"Cache-Control: max-age=soon\r\n", std::nullopt},
                         Row{"Cache-Control: max-age=99999999999999999999\r\n", std::nullopt},
                         Row{"Cache-Control: max-age=-1\r\nAge: 5\r\n", std::nullopt}}) {
    World world;
    TestServer server(world.network, kPublic,
                      json_answer("{}", "application/json\r\n" + row.fields + "X-A: b"));
    auto answer = world.get("http://203.0.114.7/", false);
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->fresh_s, row.fresh_s) << row.fields;
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
  EXPECT_THAT(early.error().detail, HasSubstr("closed before"));
  EXPECT_FALSE(world.get("http://203.0.114.8/", false));
}

struct KeptWorld : World {
  TestServer server{network, kPublic, json_answer("{}")};
  KeptWorld() {
    server.keeps_connections = true;
    connections = std::make_shared<KeptConnections>(network);
  }
};

TEST(KeptConnection, serves_one_request_after_the_other_until_it_was_unused_for_too_long) {
  KeptWorld world;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(world.get("http://203.0.114.7/", false));
    world.loop.run_for(kKeptConnectionMs - 1);
  }
  EXPECT_EQ(world.server.connections, 1U);
  EXPECT_THAT(world.server.requests.at(0), testing::Not(HasSubstr("Connection:")));
  EXPECT_EQ(world.connections->size(), 1U);
  world.loop.run_for(1);
  EXPECT_EQ(world.connections->size(), 0U) << "closed, though nobody asks";
  ASSERT_TRUE(world.get("http://203.0.114.7/", false));
  EXPECT_EQ(world.server.connections, 2U);
}

TEST(KeptConnection, is_of_one_origin) {
  KeptWorld world;
  world.network.set_host("keys.example", {kPublic});
  ASSERT_TRUE(world.get("http://203.0.114.7/", false));
  ASSERT_TRUE(world.get("http://keys.example/", false));
  EXPECT_EQ(world.server.connections, 2U);
}

TEST(KeptConnection, that_its_server_ended_or_that_says_something_unasked_is_not_used) {
  for (const bool ends : {true, false}) {
    KeptWorld world;
    world.server.ends_after_answer = ends;
    if (!ends) world.server.answer_ = json_answer("{}") + json_answer(R"({"active":true})");
    for (std::size_t i = 1; i <= 3; ++i) {
      auto answer = world.get("http://203.0.114.7/", false);
      ASSERT_TRUE(answer) << answer.error().detail;
      EXPECT_EQ(answer->body, "{}");
      EXPECT_EQ(world.server.connections, i);
    }
  }
}

TEST(KeptConnection, that_ends_while_it_is_used_again_costs_nothing_but_time) {
  KeptWorld world;
  ASSERT_TRUE(world.get("http://203.0.114.7/", false));
  // The server takes the request on the kept connection, and goes away in place of an answer.
  world.server.goes_away = 1;
  const auto again = world.get("http://203.0.114.7/", false);
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(world.server.connections, 2U);
  EXPECT_EQ(world.server.requests.size(), 3U);
  // A fresh one that ends so is an error, and is not tried for ever.
  world.server.goes_away = 100;
  const auto failed = world.get("http://203.0.114.7/", false);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().error, FetchError::kProtocol);
  EXPECT_EQ(world.server.requests.size(), 5U);
}

TEST(KeptConnection, whose_answer_was_none_is_not_used_again) {
  for (const std::string& answer :
       {json_answer("{}", "application/json\r\nConnection: close"), json_answer("{}", "text/html"),
        std::string("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n")}) {
    KeptWorld world;
    world.server.answer_ = answer;
    world.server.ends_after_answer = answer.starts_with("HTTP/1.0");
    (void)world.get("http://203.0.114.7/", false);
    EXPECT_EQ(world.connections->size(), 0U) << answer;
  }
}

TEST(KeptConnection, there_are_so_many_and_no_more) {
  KeptWorld world;
  const KeptConnections::Peer peer{"http://203.0.114.7", nullptr};
  for (std::size_t i = 0; i <= kKeptConnectionsMax; ++i)
    world.connections->keep(peer, world.network.pair().first);
  EXPECT_EQ(world.connections->size(), kKeptConnectionsMax);
}

}  // namespace
}  // namespace caponier::upstream
