// Two endpoints, one of which dies: nothing is lost that can be tried again safely, and nothing is done twice
// that must not be.
#include <gtest/gtest.h>

#include <map>

#include "sim/world.h"

namespace caponier::sim {
namespace {

const Api& two_endpoints() {
  static const Api kApi(
      nullptr,
      "{endpoints: ['http://127.0.0.1:9000', 'http://127.0.0.1:9001'], retries: {idempotent: "
      "true, budget_min: 1000}, ejection: {failures: 3}}");
  return kApi;
}

Answer whole(const Seen& seen) {
  Answer answer;
  answer.bytes = response_bytes(seen.id, 200, thing(seen.id, 30), Framing::kLength, seen.method == "HEAD");
  return answer;
}

// The second endpoint dies with its request number `dies_with`, before a byte of its answer.
void run_death(std::uint64_t seed, std::size_t dies_with) {
  const Api& api = two_endpoints();
  Weather weather;
  weather.faults.delay_ms_max = 20;
  weather.bad_upstream_percent = 100;  // what happens is chosen below
  World world(api, seed, weather);
  world.choose = whole;
  Upstream* dying = nullptr;
  std::size_t seen_there = 0;
  world.others.push_back(std::make_unique<Upstream>(world.network, 9001, [&](const Seen& seen) {
    Answer answer = whole(seen);
    if (++seen_there < dies_with) return answer;
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
  for (std::uint64_t seed = 1; seed <= 40; ++seed) run_death(seed, 1 + seed % 9);
}

}  // namespace
}  // namespace caponier::sim
