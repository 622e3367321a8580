// Questions about tokens over time: on a network in memory and a clock that jumps.
#include "fetch/introspector.h"

#include <gtest/gtest.h>

#include <string>

#include "net/test_net.h"
#include "plan/test_random.h"
#include "upstream/test_server.h"

namespace caponier::fetch {
namespace {

using Outcome = stages::Introspection::Outcome;

constexpr const char* kPlace = "http://203.0.114.7/introspect";
const net::Address kServer = *net::parse_address("203.0.114.7", 80);
constexpr std::int64_t kMinuteMs = 60'000;

struct World {
  explicit World(std::int64_t cache_s = 60, std::int64_t negative_cache_s = 10) {
    plan::Issuer issuer;
    issuer.rules.issuer = "http://203.0.114.7";
    issuer.allow_internal_addresses = true;
    issuer.introspection.emplace();
    issuer.introspection->url = uri::parse_url(kPlace).value();
    issuer.introspection->cache_s = cache_s;
    issuer.introspection->negative_cache_s = negative_cache_s;
    introspector = std::make_shared<Introspector>(
        network, std::make_shared<IssuerClient>(network, issuer, TokenLimits(), 5000, random), nullptr,
        [](const KeyEvent&) {});
  }
  ~World() { net::destroy_spawned(); }

  void ask(const std::string& token = "opaque") { net::spawn(wait(this, token)); }
  static net::Task<void> wait(World* self, std::string token) {
    auto asking = self->introspector->ask(self->loop, token, self->loop.now_ms() + 5000);
    self->last = co_await asking;
    ++self->answered;
  }
  // Until so many have been answered.
  Outcome answer(int count) {
    EXPECT_TRUE(loop.run_until([&] { return answered == count; }, kMinuteMs));
    return last->outcome;
  }

  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  plan::CountingRandom random;
  std::shared_ptr<Introspector> introspector;
  Introspector::Answer last;
  int answered = 0;
};

std::string active(const std::string& more = "") {
  return upstream::json_answer(R"({"active":true,"sub":"alice")" + more + "}");
}

TEST(Introspector, who_comes_while_the_answer_is_on_its_way_or_just_after_it_gets_the_same) {
  World world;
  upstream::TestServer server(world.network, kServer, active());
  server.keeps_connections = true;
  world.ask();
  world.ask();
  EXPECT_EQ(world.answer(2), Outcome::kActive);
  world.ask();
  EXPECT_EQ(world.answer(3), Outcome::kActive);
  EXPECT_EQ(server.requests.size(), 1U);
  world.loop.run_for(kJustAnsweredMs);
  server.answer_ = upstream::json_answer(R"({"active":false})");
  world.ask();
  EXPECT_EQ(world.answer(4), Outcome::kInactive);
  EXPECT_EQ(server.requests.size(), 2U);
  // Another token is another question.
  world.ask("another");
  EXPECT_EQ(world.answer(5), Outcome::kInactive);
  EXPECT_EQ(server.requests.size(), 3U);
}

TEST(Introspector, asks_over_one_connection_as_long_as_its_server_keeps_it) {
  World world;
  upstream::TestServer server(world.network, kServer, active());
  server.keeps_connections = true;
  for (int i = 1; i <= 5; ++i) {
    world.ask("token-" + std::to_string(i));
    EXPECT_EQ(world.answer(i), Outcome::kActive);
  }
  EXPECT_EQ(server.requests.size(), 5U);
  EXPECT_EQ(server.connections, 1U);
  // The server ends it, and nobody notices.
  server.goes_away = 1;
  world.ask("token-6");
  EXPECT_EQ(world.answer(6), Outcome::kActive);
  EXPECT_EQ(server.connections, 2U);
}

TEST(Introspector, what_may_not_be_kept_or_ends_at_once_is_asked_about_each_time) {
  World never(0, 0);
  upstream::TestServer first(never.network, kServer, active());
  first.keeps_connections = true;
  for (int i = 1; i <= 3; ++i) {
    never.ask();
    EXPECT_EQ(never.answer(i), Outcome::kActive);
  }
  EXPECT_EQ(first.requests.size(), 3U);
  first.answer_ = upstream::json_answer(R"({"active":false})");
  for (int i = 4; i <= 5; ++i) {
    never.ask();
    EXPECT_EQ(never.answer(i), Outcome::kInactive);
  }
  EXPECT_EQ(first.requests.size(), 5U);
}

TEST(Introspector, that_ends_within_a_second_is_asked_about_again) {
  World world;
  upstream::TestServer server(world.network, kServer, "");
  server.keeps_connections = true;
  server.answer_ = active(",\"exp\":" + std::to_string(world.loop.now().wall_s() + 1));
  for (int i = 1; i <= 2; ++i) {
    world.ask();
    EXPECT_EQ(world.answer(i), Outcome::kActive);
  }
  EXPECT_EQ(server.requests.size(), 2U);
}

TEST(Introspector, a_failure_is_not_kept_for_others) {
  World world;
  upstream::TestServer server(world.network, kServer, upstream::json_answer("{", "text/plain", "500 No"));
  server.keeps_connections = true;
  world.ask();
  EXPECT_EQ(world.answer(1), Outcome::kUnavailable);
  server.answer_ = active();
  world.ask();
  EXPECT_EQ(world.answer(2), Outcome::kActive);
}

TEST(Introspector, keeps_so_many_answers_and_gives_up_the_oldest) {
  World world;
  upstream::TestServer server(world.network, kServer, active());
  server.keeps_connections = true;
  const int most = static_cast<int>(kJustAnsweredMax);
  int asked = 0;
  for (; asked <= most; ++asked) {
    world.ask("token-" + std::to_string(asked));
    ASSERT_EQ(world.answer(asked + 1), Outcome::kActive);
  }
  ASSERT_LT(world.loop.now_ms(), 1'000'000 + kJustAnsweredMs);
  const std::size_t questions = server.requests.size();
  EXPECT_EQ(questions, kJustAnsweredMax + 1);
  world.ask("token-1");
  (void)world.answer(++asked);
  EXPECT_EQ(server.requests.size(), questions);
  world.ask("token-0");
  (void)world.answer(++asked);
  EXPECT_EQ(server.requests.size(), questions + 1);
}

}  // namespace
}  // namespace caponier::fetch
