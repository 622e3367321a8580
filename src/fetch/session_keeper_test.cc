// Sessions over time: on a clock that jumps, and on a disk that takes nothing.
#include "fetch/session_keeper.h"

#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "net/test_net.h"
#include "plan/test_random.h"

namespace caponier::fetch {
namespace {

constexpr const char* kIssuer = "https://login.example";
constexpr std::int64_t kIdleS = 1800;
constexpr std::int64_t kLifetimeS = 12 * 3600;

struct Keeper : testing::Test {
  Keeper() {
    auto plan = std::make_shared<plan::Plan>();
    plan->issuers.emplace_back();
    plan->issuers[0].rules.issuer = kIssuer;
    plan->issuers[0].client.emplace();
    plan->issuers[0].client->id = "shop";
    plan->logins.emplace_back();
    plan->logins[0].scheme = "browser";
    plan->logins[0].idle_s = kIdleS;
    keeper = std::make_shared<SessionKeeper>(
        network, sessions, *store::Sealer::open(folder.file("keys"), now_s(), random),
        *store::SessionStore::open(folder.file("sessions.db")), std::make_shared<plan::IdentitySource>(),
        [](const std::string&) {}, [this] { ++ended; });
    keeper->use(std::move(plan));
    keeper->start();
  }
  ~Keeper() override {
    keeper->close();
    net::destroy_spawned();
  }
  [[nodiscard]] std::int64_t now_s() const { return loop.now().wall_s(); }
  std::shared_ptr<stages::Session> session() {
    auto one = std::make_shared<stages::Session>();
    one->name[0] = ++names;
    one->scheme = "browser";
    one->began_s = now_s();
    one->ends_s = now_s() + kLifetimeS;
    one->seen_s->store(now_s());
    jose::Claims claims;
    std::string audiences;
    Texts::append(audiences, "shop");
    claims.set(jose::Claims::Text::kIssuer, kIssuer);
    claims.set(jose::Claims::Text::kSubject, "alice");
    claims.set(jose::Claims::Text::kAudiences, audiences);
    set_claims(*one, std::move(claims), "openid");
    EXPECT_TRUE(sessions.put(one));
    return one;
  }
  // So many seconds pass, and everything that they make due is done.
  void pass(std::int64_t seconds) {
    const std::int64_t until_ms = loop.now_ms() + seconds * 1000;
    (void)loop.run_until([&] { return loop.now_ms() >= until_ms; }, seconds * 1000 + kSweepEveryMs);
  }
  [[nodiscard]] bool lives(const stages::Session& one) const { return sessions.find(one.name) != nullptr; }

  TestFolder folder;
  plan::CountingRandom random;
  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  stages::Sessions sessions{100};
  std::shared_ptr<SessionKeeper> keeper;
  std::uint8_t names = 0;
  int ended = 0;
};

TEST_F(Keeper, an_idle_session_ends_and_one_that_is_used_does_not) {
  const auto idle = session();
  const auto used = session();
  EXPECT_FALSE(keeper->is_over(*idle));
  pass(kIdleS - kSweepEveryMs / 1000);
  used->seen_s->store(now_s());
  EXPECT_TRUE(lives(*idle));
  // At the limit it lives, and one second past it it is over, whether or not anybody has looked.
  loop.jump_wall((idle->seen_s->load() + kIdleS - now_s()) * 1000);
  EXPECT_FALSE(keeper->is_over(*idle));
  loop.jump_wall(1000);
  EXPECT_TRUE(keeper->is_over(*idle));
  pass(kSweepEveryMs / 1000);
  EXPECT_FALSE(lives(*idle));
  EXPECT_TRUE(lives(*used));
  EXPECT_EQ(ended, 1);
}

TEST_F(Keeper, a_session_ends_however_much_it_is_used) {
  const auto one = session();
  while (now_s() < one->ends_s - 120) {
    pass(600);
    one->seen_s->store(now_s());
    if (now_s() < one->ends_s) {
      ASSERT_TRUE(lives(*one)) << one->ends_s - now_s();
    }
  }
  loop.jump_wall((one->ends_s - 1 - now_s()) * 1000);
  one->seen_s->store(now_s());
  EXPECT_FALSE(keeper->is_over(*one));
  loop.jump_wall(1000);
  EXPECT_TRUE(keeper->is_over(*one));
  pass(kSweepEveryMs / 1000);
  EXPECT_FALSE(lives(*one));
}

TEST_F(Keeper, a_clock_that_is_set_forward_ends_what_would_have_ended_and_backward_nothing) {
  const auto one = session();
  loop.jump_wall(-std::int64_t{10} * 24 * 3600 * 1000);
  pass(2 * kSweepEveryMs / 1000);
  EXPECT_TRUE(lives(*one));
  loop.jump_wall(std::int64_t{20} * 24 * 3600 * 1000);
  EXPECT_TRUE(keeper->is_over(*one));
  pass(2 * kSweepEveryMs / 1000);
  EXPECT_FALSE(lives(*one));
}

TEST_F(Keeper, a_session_of_a_login_that_is_no_more_is_over) {
  const auto one = session();
  auto without = std::make_shared<plan::Plan>();
  keeper->use(without);
  EXPECT_TRUE(keeper->is_over(*one));
}

TEST_F(Keeper, sessions_that_end_together_are_told_once) {
  std::vector<std::shared_ptr<stages::Session>> all;
  for (int i = 0; i < 50; ++i) all.push_back(session());
  loop.jump_wall((kIdleS + 1) * 1000);
  pass(kSweepEveryMs / 1000 + 1);
  for (const auto& one : all) EXPECT_FALSE(lives(*one));
  EXPECT_EQ(ended, 1);
}

}  // namespace
}  // namespace caponier::fetch
