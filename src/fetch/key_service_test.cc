// Key sets over time: on a network in memory and a clock that jumps.
#include "fetch/key_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/test_folder.h"
#include "jose/signing_key.h"
#include "jose/test_keys.h"
#include "net/test_net.h"
#include "store/state_dir.h"
#include "upstream/test_server.h"

namespace caponier::fetch {
namespace {

using testing::HasSubstr;
using upstream::json_answer;

constexpr const char* kName = "https://issuer.example";
const net::Address kServer = *net::parse_address("203.0.114.7", 80);
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;

std::string new_set() {
  return jose::SigningKey::generate().value().public_key_set();
}

plan::Issuer issuer_at(const std::string& url, std::int64_t stale_max_s = 24 * 3600) {
  plan::Issuer issuer;
  issuer.rules.issuer = kName;
  issuer.source = plan::KeySource::kUrl;
  issuer.keys_url = uri::parse_url(url).value();
  issuer.keys_stale_max_s = stale_max_s;
  return issuer;
}

std::shared_ptr<plan::Plan> plan_of(std::vector<plan::Issuer> issuers) {
  auto plan = std::make_shared<plan::Plan>();
  plan->issuers = std::move(issuers);
  return plan;
}

struct World {
  explicit World(const std::string& state_dir = {}) {
    service.emplace(network, std::string(), state_dir,
                    [this](const KeyEvent& event) { events.push_back(event); });
  }
  ~World() {
    net::destroy_spawned();
    sources.clear();
  }
  void serve(std::vector<plan::Issuer> issuers) {
    auto plan = plan_of(std::move(issuers));
    sources = service->bind(*plan, loop.now());
    service->use(plan, sources);
  }
  [[nodiscard]] KeySource& source() const { return *sources.front(); }
  [[nodiscard]] std::shared_ptr<const jose::KeySet> keys() const { return source().slot()->get(); }
  [[nodiscard]] KeyHealth health() const { return service->health(loop.now()).at(0); }
  // Waits for keys as a request does, and counts those that are done.
  void ask() { net::spawn(wait(this)); }
  static net::Task<void> wait(World* self) {
    auto waiting = self->source().wait_for(self->loop, self->loop.now_ms() + 5000);
    co_await waiting;
    ++self->answered;
  }
  [[nodiscard]] std::string last_event() const { return events.empty() ? "" : events.back().detail; }

  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  std::optional<KeyService> service;
  KeySources sources;
  std::vector<KeyEvent> events;
  int answered = 0;
};

TEST(KeyService, a_thousand_waiting_requests_cause_one_fetch) {
  World world;
  upstream::TestServer server(world.network, kServer, json_answer(new_set()));
  world.serve({issuer_at("http://203.0.114.7/keys")});
  for (int i = 0; i < 1000; ++i) world.ask();
  world.loop.run_until([&world] { return world.answered == 1000; }, kMinuteMs);
  EXPECT_EQ(world.answered, 1000);
  EXPECT_EQ(server.connections, 1U);
  EXPECT_NE(world.keys(), nullptr);
}

TEST(KeyService, unknown_keys_cause_one_fetch_in_ten_seconds) {
  World world;
  upstream::TestServer server(world.network, kServer, json_answer(new_set()));
  world.serve({issuer_at("http://203.0.114.7/keys")});
  world.loop.run_for(100);
  for (int second = 0; second < 30; ++second) {
    for (int i = 0; i < 50; ++i) world.ask();
    world.loop.run_for(1000);
  }
  EXPECT_EQ(world.answered, 1500);
  EXPECT_GE(server.connections, 3U);
  EXPECT_LE(server.connections, 4U);
}

TEST(KeyService, a_set_that_is_the_same_keeps_its_generation_and_a_key_that_is_gone_is_gone) {
  World world;
  const std::string first = new_set();
  upstream::TestServer server(world.network, kServer, json_answer(first));
  world.serve({issuer_at("http://203.0.114.7/keys")});
  world.loop.run_for(100);
  const std::uint64_t generation = world.source().slot()->generation();
  const std::string id = world.keys()->keys.at(0).id;
  world.loop.run_for(kRefreshBackgroundMs + 1000);
  EXPECT_EQ(server.connections, 2U);
  EXPECT_EQ(world.source().slot()->generation(), generation) << "what was verified stays verified";
  server.answer_ = json_answer(new_set());
  world.loop.run_for(kRefreshBackgroundMs + 1000);
  EXPECT_EQ(server.connections, 3U);
  EXPECT_GT(world.source().slot()->generation(), generation);
  EXPECT_EQ(world.keys()->find(id, jose::Algorithm::kES256), nullptr);
}

TEST(KeyService, a_set_is_fetched_again_when_its_server_says_within_bounds) {
  struct Row {
    const char* cache_control;
    std::int64_t after_ms;
  };
  for (const Row& row : {Row{"max-age=0", kRefreshBackgroundMinMs}, Row{"no-store", kRefreshBackgroundMinMs},
                         Row{"max-age=600", 600'000}, Row{"max-age=864000", kRefreshBackgroundMaxMs},
                         Row{"public", kRefreshBackgroundMs}}) {
    World world;
    upstream::TestServer server(
        world.network, kServer,
        json_answer(new_set(), "application/json\r\nCache-Control: " + std::string(row.cache_control)));
    world.serve({issuer_at("http://203.0.114.7/keys")});
    world.loop.run_for(100);
    ASSERT_EQ(server.connections, 1U) << row.cache_control;
    world.loop.run_for(row.after_ms - 1000);
    EXPECT_EQ(server.connections, 1U) << row.cache_control;
    world.loop.run_for(2000);
    EXPECT_EQ(server.connections, 2U) << row.cache_control;
  }
}

TEST(KeyService, keys_stay_in_use_while_the_issuer_is_away_up_to_the_bound_and_come_back_with_it) {
  World world;
  const std::string good = json_answer(new_set());
  upstream::TestServer server(world.network, kServer, good);
  world.serve({issuer_at("http://203.0.114.7/keys", 2 * 3600)});
  world.loop.run_for(100);
  server.answer_ = json_answer("{}", "application/json", "503 Away");
  world.loop.run_for(2 * kHourMs - 1000);
  EXPECT_NE(world.keys(), nullptr) << "a second before the bound";
  EXPECT_GE(world.health().age_s, 7190);
  world.loop.run_for(2000);
  EXPECT_EQ(world.keys(), nullptr) << "and a second after it";
  EXPECT_EQ(world.health().age_s, -1);
  EXPECT_EQ(world.health().keys, 0U);
  const auto told = std::ranges::find_if(world.events, [](const KeyEvent& event) {
    return event.detail.find("no longer used") != std::string::npos;
  });
  ASSERT_NE(told, world.events.end());
  EXPECT_FALSE(told->has_keys);
  server.answer_ = good;
  world.loop.run_for(kRetryMaxMs + 1000);
  EXPECT_NE(world.keys(), nullptr);
  EXPECT_EQ(world.health().age_s < 62, true);
}

TEST(KeyService, an_issuer_that_is_away_is_asked_less_and_less_often) {
  World world;
  upstream::TestServer server(world.network, kServer, json_answer("{}", "application/json", "503 Away"));
  world.serve({issuer_at("http://203.0.114.7/keys")});
  world.loop.run_for(10 * kMinuteMs);
  EXPECT_GE(server.connections, 10U);
  EXPECT_LE(server.connections, 16U);
  EXPECT_EQ(world.health().failures[static_cast<std::size_t>(KeyFailure::kStatus)], server.connections);
}

TEST(KeyService, an_issuer_that_takes_all_its_keys_back_is_believed) {
  World world;
  upstream::TestServer server(world.network, kServer, json_answer(new_set()));
  world.serve({issuer_at("http://203.0.114.7/keys")});
  world.loop.run_for(100);
  server.answer_ = json_answer("{\"keys\":[]}");
  world.loop.run_for(kRefreshBackgroundMs + 1000);
  EXPECT_EQ(world.keys(), nullptr);
  EXPECT_THAT(world.last_event(), HasSubstr("no usable key"));
}

TEST(KeyService, an_answer_that_is_no_set_takes_nothing_away) {
  for (const std::string& bad : {json_answer("{]"), json_answer("[]"), json_answer("{}"),
                                 json_answer("{\"keys\":7}"), json_answer("{\"keys\":[]}", "text/html"),
                                 json_answer("{\"keys\":[]}", "application/json", "404 No")}) {
    World world;
    upstream::TestServer server(world.network, kServer, json_answer(new_set()));
    world.serve({issuer_at("http://203.0.114.7/keys")});
    world.loop.run_for(100);
    server.answer_ = bad;
    world.loop.run_for(kRefreshBackgroundMs + 1000);
    EXPECT_NE(world.keys(), nullptr) << bad;
    EXPECT_TRUE(world.events.back().has_keys);
  }
}

TEST(KeyService, several_schemes_and_plans_share_one_source_and_one_fetch) {
  World world;
  upstream::TestServer server(world.network, kServer, json_answer(new_set()));
  plan::Issuer orders = issuer_at("http://203.0.114.7/keys");
  plan::Issuer invoices = orders;
  invoices.rules.audiences = {"invoices"};
  world.serve({orders, invoices});
  world.loop.run_for(100);
  EXPECT_EQ(world.sources[0], world.sources[1]);
  EXPECT_EQ(server.connections, 1U);
  const auto before = world.sources[0];
  world.serve({invoices, issuer_at("http://203.0.114.7/other")});
  EXPECT_EQ(world.sources[0], before);
  EXPECT_NE(world.sources[1], before);
  EXPECT_NE(world.keys(), nullptr) << "nobody waits because of a reload";
  world.loop.run_for(100);
  EXPECT_EQ(server.connections, 2U) << "the new place alone was asked";
}

TEST(KeyService, a_source_that_no_plan_has_any_more_is_not_refreshed) {
  World world;
  upstream::TestServer server(world.network, kServer, json_answer(new_set()));
  world.serve({issuer_at("http://203.0.114.7/keys")});
  world.loop.run_for(100);
  world.serve({});
  world.loop.run_for(24 * kHourMs);
  EXPECT_EQ(server.connections, 1U);
}

TEST(KeyService, a_file_is_read_again_with_every_plan) {
  const TestFolder folder;
  World world;
  plan::Issuer issuer;
  issuer.rules.issuer = kName;
  issuer.source = plan::KeySource::kFile;
  issuer.keys_file = folder.write("keys.json", new_set());
  world.serve({issuer});
  const std::string first = world.keys()->keys.at(0).id;
  folder.write("keys.json", new_set());
  world.serve({issuer});
  EXPECT_NE(world.keys()->keys.at(0).id, first);
}

class Restart : public testing::Test {
 protected:
  // A process that had the keys.
  std::string run_once() {
    World world(folder_.path());
    const std::string set = new_set();
    const upstream::TestServer server(world.network, kServer, json_answer(set));
    world.serve({issuer_at("http://203.0.114.7/keys")});
    world.loop.run_for(100);
    EXPECT_NE(world.keys(), nullptr);
    return set;
  }
  [[nodiscard]] std::string file() const {
    return folder_.file(stored_keys_name(kName, "http://203.0.114.7/keys"));
  }
  TestFolder folder_;
};

TEST_F(Restart, while_the_issuer_is_away_the_copy_serves_and_keeps_its_age) {
  run_once();
  World world(folder_.path());
  world.loop.jump_wall(3 * kHourMs);
  world.serve({issuer_at("http://203.0.114.7/keys")});
  ASSERT_NE(world.keys(), nullptr) << "at once, before anything was fetched";
  EXPECT_GE(world.health().age_s, 3 * 3600);
  world.loop.run_for(100);
  EXPECT_THAT(world.events.at(0).detail, HasSubstr("a copy of 108"));
  EXPECT_TRUE(world.events.at(0).ok);
  world.loop.run_for(21 * kHourMs - 3 * kMinuteMs);
  EXPECT_NE(world.keys(), nullptr);
  world.loop.run_for(4 * kMinuteMs);
  EXPECT_EQ(world.keys(), nullptr) << "a restart does not make it younger";
}

TEST_F(Restart, a_copy_that_is_too_old_from_the_future_or_spoiled_is_not_used_and_that_is_told) {
  struct Row {
    std::int64_t jump_ms;
    const char* says;
  };
  run_once();
  for (const Row& row : {Row{25 * kHourMs, "old"}, Row{-kHourMs, "future"}}) {
    World world(folder_.path());
    world.loop.jump_wall(row.jump_ms);
    world.serve({issuer_at("http://203.0.114.7/keys")});
    EXPECT_EQ(world.keys(), nullptr);
    world.loop.run_for(10);
    ASSERT_FALSE(world.events.empty());
    EXPECT_THAT(world.events.at(0).detail, HasSubstr(row.says));
  }
  ASSERT_TRUE(store::write_file_whole(file(), "{\"version\":1,"));
  World world(folder_.path());
  world.serve({issuer_at("http://203.0.114.7/keys")});
  EXPECT_EQ(world.keys(), nullptr);
}

TEST_F(Restart, a_copy_is_judged_again_when_it_is_read) {
  const jose::KeyHandle weak = jose::test::make_rsa(1024);
  const std::string set = "{\"keys\":[" + jose::test::jwk(weak.get(), R"(,"kid":"weak")") + "]}";
  World world(folder_.path());
  ASSERT_TRUE(store::write_file_whole(
      file(), to_text({kName, "http://203.0.114.7/keys", world.loop.now().wall_ms, set})));
  world.serve({issuer_at("http://203.0.114.7/keys")});
  EXPECT_EQ(world.keys(), nullptr);
  world.loop.run_for(10);
  EXPECT_THAT(world.events.at(0).detail, HasSubstr("1024 bits"));
}

TEST_F(Restart, keys_of_another_place_are_other_keys) {
  run_once();
  World world(folder_.path());
  world.serve({issuer_at("http://203.0.114.7/other")});
  EXPECT_EQ(world.keys(), nullptr);
}

TEST(KeyService, failures_are_counted_by_kind) {
  struct Row {
    std::string answer;
    KeyFailure kind;
  };
  for (const Row& row :
       {Row{json_answer("{}", "application/json", "302 Found"), KeyFailure::kRedirect},
        Row{json_answer("{}", "application/json", "500 Oops"), KeyFailure::kStatus},
        Row{json_answer("{}", "text/html"), KeyFailure::kType}, Row{json_answer("{}"), KeyFailure::kKeySet},
        Row{json_answer(std::string(300'000, ' ')), KeyFailure::kSize},
        Row{"nonsense\r\n\r\n", KeyFailure::kProtocol}, Row{"HTTP/1.1 2", KeyFailure::kTimeout}}) {
    World world;
    const upstream::TestServer server(world.network, kServer, row.answer);
    world.serve({issuer_at("http://203.0.114.7/keys")});
    world.loop.run_until([&world] { return world.health().fetches > 0; }, kMinuteMs);
    EXPECT_EQ(world.health().failures[static_cast<std::size_t>(row.kind)], 1U)
        << name(row.kind) << ": " << world.last_event();
  }
  World world;
  world.network.set_host("inside.example", {*net::parse_address("169.254.169.254", 80)});
  world.serve({issuer_at("http://inside.example/keys")});
  world.loop.run_for(100);
  EXPECT_EQ(world.health().failures[static_cast<std::size_t>(KeyFailure::kAddress)], 1U);
}

}  // namespace
}  // namespace caponier::fetch
