// Tokens for an upstream over time: on a network in memory and a clock that jumps.
#include "fetch/token_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "net/test_net.h"
#include "plan/test_random.h"
#include "upstream/test_server.h"

namespace caponier::fetch {
namespace {

constexpr const char* kIssuer = "http://203.0.114.7";
const net::Address kServer = *net::parse_address("203.0.114.7", 80);
constexpr std::int64_t kMinuteMs = 60'000;

// The one answer of a server that is asked for its endpoints and for tokens.
std::string answer(const std::string& token, std::int64_t lifetime_s) {
  return upstream::json_answer(
      R"({"issuer":"http://203.0.114.7","jwks_uri":"http://203.0.114.7/k",)"
      R"("token_endpoint":"http://203.0.114.7/token","token_type":"bearer","access_token":")" +
      token + R"(","expires_in":)" + std::to_string(lifetime_s) + "}");
}

struct World {
  explicit World(bool exchange = false) {
    plan::Upstream upstream;
    upstream.token.emplace();
    upstream.token->issuer.rules.issuer = kIssuer;
    upstream.token->issuer.allow_internal_addresses = true;
    upstream.token->issuer.metadata_url =
        uri::parse_url(std::string(kIssuer) + "/.well-known/openid-configuration").value();
    upstream.token->exchange = exchange;
    upstream.token->form = "grant_type=x";
    auto client =
        std::make_shared<IssuerClient>(network, upstream.token->issuer, TokenLimits(), 5000, random);
    source = std::make_shared<TokenSource>(network, client, upstream, DigestKey{1, 2},
                                           [this](bool ok, const std::string&) { told += ok ? '+' : '-'; });
  }
  ~World() { net::destroy_spawned(); }

  [[nodiscard]] std::string take(const std::string& subject = "") {
    const UpstreamToken token = source->take(subject, loop.now_ms());
    return token ? std::string(token->reveal()) : "";
  }
  void ask(const std::string& subject = "") { net::spawn(wait(this, subject)); }
  static net::Task<void> wait(World* self, std::string subject) {
    auto asking = self->source->ask(self->loop, subject, self->loop.now_ms() + 5000);
    auto token = co_await asking;
    ++self->answered;
    if (token) ++self->given;
  }

  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  plan::CountingRandom random;
  std::shared_ptr<TokenSource> source;
  std::string told;
  int answered = 0;
  int given = 0;
};

std::size_t questions(const upstream::TestServer& server) {
  return static_cast<std::size_t>(std::ranges::count_if(
      server.requests, [](const std::string& request) { return request.starts_with("POST /token "); }));
}

TEST(TokenSource, a_thousand_waiting_requests_ask_once) {
  World world;
  upstream::TestServer server(world.network, kServer, answer("one", 100));
  EXPECT_EQ(world.take(), "");
  for (int i = 0; i < 1000; ++i) world.ask();
  world.loop.run_until([&] { return world.answered == 1000; }, kMinuteMs);
  EXPECT_EQ(world.given, 1000);
  EXPECT_EQ(questions(server), 1U);
  EXPECT_EQ(world.take(), "one");
  EXPECT_EQ(world.source->health().requests, 1U);
}

TEST(TokenSource, a_token_is_renewed_once_in_the_last_quarter_of_its_life_and_not_used_at_its_end) {
  World world;
  upstream::TestServer server(world.network, kServer, answer("one", 100));
  world.ask();
  world.loop.run_until([&] { return world.answered == 1; }, kMinuteMs);
  server.answer_ = answer("two", 100);
  world.loop.run_for(74'000);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(world.take(), "one");
  world.loop.run_for(1000);
  EXPECT_EQ(questions(server), 1U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(world.take(), "one");
  world.loop.run_for(1000);
  EXPECT_EQ(questions(server), 2U);
  EXPECT_EQ(world.take(), "two");
  // Nobody asks, so that nothing is renewed; five seconds before its end it is none.
  server.answer_ = upstream::json_answer("{}");
  world.loop.run_for(93'000);
  EXPECT_EQ(world.take(), "two");
  world.loop.run_for(3000);
  EXPECT_EQ(world.take(), "");
}

TEST(TokenSource, an_issuer_that_fails_leaves_what_is_good_still_and_is_told_once) {
  World world;
  upstream::TestServer server(world.network, kServer, answer("one", 100));
  world.ask();
  world.loop.run_until([&] { return world.answered == 1; }, kMinuteMs);
  server.answer_ = upstream::json_answer("{}");
  world.loop.run_for(76'000);
  for (int second = 0; second < 15; ++second) {
    EXPECT_EQ(world.take(), "one");
    world.loop.run_for(1000);
  }
  // Once in five seconds, because it answers.
  EXPECT_LE(questions(server), 5U);
  EXPECT_GE(questions(server), 3U);
  EXPECT_EQ(world.told, "-");
  world.loop.run_for(10'000);
  EXPECT_EQ(world.take(), "");
  server.answer_ = answer("two", 100);
  world.ask();
  world.loop.run_until([&] { return world.answered == 2; }, kMinuteMs);
  EXPECT_EQ(world.take(), "two");
  EXPECT_EQ(world.told, "-+");
}

TEST(TokenSource, a_refusal_drops_a_token_but_no_fresh_one) {
  World world;
  upstream::TestServer server(world.network, kServer, answer("one", 1000));
  world.ask();
  world.loop.run_until([&] { return world.answered == 1; }, kMinuteMs);
  const UpstreamToken token = world.source->take("", world.loop.now_ms());
  world.loop.run_for(kTokenTrustedMs - 1000);
  world.source->refused("", token, world.loop.now_ms());
  EXPECT_EQ(world.take(), "one");
  world.loop.run_for(2000);
  world.source->refused("", std::make_shared<const Secret>("one"), world.loop.now_ms());  // another one
  EXPECT_EQ(world.take(), "one");
  world.source->refused("", token, world.loop.now_ms());
  EXPECT_EQ(world.take(), "");
}

TEST(TokenSource, a_callers_token_is_asked_with_and_kept_for_that_caller) {
  World world(true);
  upstream::TestServer server(world.network, kServer, answer("for-a", 100));
  world.ask("a");
  world.loop.run_until([&] { return world.answered == 1; }, kMinuteMs);
  EXPECT_EQ(world.take("a"), "for-a");
  EXPECT_EQ(world.take("b"), "");
  EXPECT_EQ(world.take(""), "");
}

TEST(TokenSource, at_its_bound_asks_for_no_more_at_a_time) {
  World world(true);
  upstream::TestServer server(world.network, kServer, answer("x", 100));
  for (std::size_t i = 0; i <= kTokenRequestsMax; ++i) world.ask("caller " + std::to_string(i));
  world.loop.run_until([&] { return world.answered == static_cast<int>(kTokenRequestsMax) + 1; }, kMinuteMs);
  EXPECT_EQ(world.given, static_cast<int>(kTokenRequestsMax));
  EXPECT_EQ(questions(server), kTokenRequestsMax);
}

TEST(TokenSource, keeps_so_many_and_forgets_who_came_longest_ago) {
  World world(true);
  upstream::TestServer server(world.network, kServer, answer("x", 3600));
  int asked = 0;
  const auto fill = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      world.ask("caller " + std::to_string(asked++));
      if (asked % 100 == 0 || i + 1 == count) {
        world.loop.run_until([&] { return world.answered == asked; }, kMinuteMs);
        server.open.clear();
        server.requests.clear();
      }
    }
  };
  fill(kUpstreamTokensMax);
  EXPECT_EQ(world.take("caller 0"), "x");  // and with that, it came last
  fill(1);
  EXPECT_EQ(world.take("caller 0"), "x");
  EXPECT_EQ(world.take("caller 1"), "");
  EXPECT_EQ(world.take("caller 2"), "x");
}

TEST(TokenSource, an_issuer_that_is_away_is_left_alone_for_a_second) {
  World world;
  for (int i = 0; i < 50; ++i) {
    world.ask();
    world.loop.run_until([&] { return world.answered == i + 1; }, kMinuteMs);
  }
  EXPECT_EQ(world.given, 0);
  EXPECT_LE(world.source->health().failures, 2U);
}

TEST(GrantedTokens, are_what_a_header_can_hold) {
  const TokenLimits limits;
  const auto ok = [&](const std::string& json) { return read_granted(json, limits).ok(); };
  EXPECT_TRUE(ok(R"({"access_token":"a","token_type":"bearer"})"));
  EXPECT_EQ(read_granted(R"({"access_token":"a","token_type":"Bearer"})", limits)->lifetime_s,
            kTokenLifetimeUnsaidS);
  EXPECT_EQ(
      read_granted(R"({"access_token":"a","token_type":"Bearer","expires_in":99999999})", limits)->lifetime_s,
      kTokenLifetimeMaxS);
  EXPECT_EQ(
      read_granted(R"({"access_token":"a","token_type":"Bearer","expires_in":"3599"})", limits)->lifetime_s,
      3599);
  const std::string longest(limits.token_bytes_max, 'a');
  EXPECT_TRUE(ok(R"({"token_type":"Bearer","access_token":")" + longest + "\"}"));
  EXPECT_FALSE(ok(R"({"token_type":"Bearer","access_token":"a)" + longest + "\"}"));
  for (const char* bad :
       {"", "[]", R"({"access_token":"a"})", R"({"access_token":7,"token_type":"Bearer"})",
        R"({"access_token":"a","token_type":"N_A"})", R"({"access_token":"a b","token_type":"Bearer"})",
        R"({"access_token":"\r\n","token_type":"Bearer"})",
        R"({"access_token":"a","token_type":"Bearer","expires_in":-1})",
        R"({"access_token":"a","token_type":"Bearer","expires_in":0})",
        R"({"access_token":"a","token_type":"Bearer","expires_in":"soon"})",
        R"({"access_token":"a","token_type":"Bearer","expires_in":1.5})"}) {
    EXPECT_FALSE(ok(bad)) << bad;
  }
}

}  // namespace
}  // namespace caponier::fetch
