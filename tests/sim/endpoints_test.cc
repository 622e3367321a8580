// Two endpoints, one of which dies: nothing is lost that can be tried again safely, and nothing is done twice
// that must not be.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "sim/world.h"

namespace caponier::sim {
namespace {

constexpr std::string_view kTwo =
    "{endpoints: ['http://127.0.0.1:9000', 'http://127.0.0.1:9001'], retries: {idempotent: true, budget_min: "
    "1000}, ejection: {failures: 3}";

const Api& two_endpoints() {
  static const Api kApi(nullptr, std::string(kTwo) + "}");
  return kApi;
}

const Api& two_checked_endpoints() {
  static const Api kApi(nullptr, std::string(kTwo) +
                                     ", health_check: {path: /healthz, interval: 150ms, timeout: 100ms, "
                                     "unhealthy: 1, healthy: 1}}");
  return kApi;
}

Answer whole(const Seen& seen) {
  Answer answer;
  answer.bytes = response_bytes(seen.id, 200, thing(seen.id, 30), Framing::kLength, seen.method == "HEAD");
  return answer;
}

net::Task<void> reload_every(World* world, std::int64_t pause_ms) {
  while (pause_ms > 0) {
    co_await world->loop.sleep_until(world->loop.now_ms() + pause_ms);
    if (std::ranges::all_of(world->visits, [](const auto& visit) { return visit->done; })) co_return;
    world->reload();
  }
}

// The second endpoint dies with its request number `dies_with`, before a byte of its answer.
void run_death(const Api& api, std::uint64_t seed, std::size_t dies_with, std::int64_t reload_ms) {
  Weather weather;
  weather.faults.delay_ms_max = 20;
  weather.bad_upstream_percent = 100;  // what happens is chosen below
  World world(api, seed, weather);
  world.choose = whole;
  Upstream* dying = nullptr;
  std::size_t seen_there = 0;
  world.others.push_back(std::make_unique<Upstream>(world.network, 9001, [&](const Seen& seen) {
    Answer answer = whole(seen);
    if (seen.target == "/healthz" || ++seen_there < dies_with) return answer;
    answer.dies_at = 0;
    answer.resets = true;
    if (seen_there == dies_with) world.loop.post([&dying] { dying->die(); });
    return answer;
  }));
  dying = world.others.back().get();
  std::uint32_t id = 0;
  std::map<std::uint32_t, bool> is_post;
  for (int visits = 0; visits < 4; ++visits) {
    Visit& visit = world.add_visit();
    for (int i = 0; i < 12; ++i) {
      const bool post = ++id % 3 == 0;
      is_post[id] = post;
      visit.requests.push_back(post ? post_thing(id, api.good, thing(id, 100), false)
                                    : get_thing(id, api.good));
    }
  }
  net::spawn(reload_every(&world, reload_ms));
  world.run();
  EXPECT_EQ(world.verdict(), "") << seed;
  std::map<std::uint32_t, int> arrived;
  for (const auto& seen : world.upstream->seen()) ++arrived[seen->id];
  for (const auto& seen : world.others.front()->seen()) ++arrived[seen->id];
  for (const auto& visit : world.visits) {
    for (std::size_t i = 0; i < visit->requests.size(); ++i) {
      const std::uint32_t number = visit->requests[i].id;
      const auto& response = visit->responses.at(i);
      ASSERT_TRUE(response.has_value()) << number << " of seed " << seed;
      if (is_post[number]) {
        EXPECT_LE(arrived[number], 1) << "a POST arrived twice: " << number << " of seed " << seed;
        EXPECT_TRUE(response->status == 200 || response->status == 502) << response->status;
      } else {
        EXPECT_EQ(response->status, 200) << "a GET was lost: " << number << " of seed " << seed;
      }
    }
  }
}

TEST(Endpoints, one_of_two_dies_and_no_safe_request_is_lost_and_no_other_is_doubled) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) run_death(two_endpoints(), seed, 1 + seed % 9, 0);
}

TEST(Endpoints, the_same_holds_with_reloads_in_the_middle) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed)
    run_death(two_endpoints(), seed, 1 + seed % 9, 1 + static_cast<std::int64_t>(seed % 23));
}

TEST(Endpoints, the_same_holds_with_health_checks_and_none_is_left_behind) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed)
    run_death(two_checked_endpoints(), seed, 1 + seed % 9, static_cast<std::int64_t>(seed % 3) * 20);
}

}  // namespace
}  // namespace caponier::sim
