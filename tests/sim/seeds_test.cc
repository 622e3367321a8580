// Random runs. CAPONIER_SIM_SEED=n replays one, CAPONIER_SIM_SEEDS=n sets how many there are, from
// CAPONIER_SIM_FIRST on.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "sim/world.h"

namespace caponier::sim {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

Weather weather_of(Dice& dice) {
  Weather weather;
  weather.faults.fragment_reads = dice.chance(70);
  weather.faults.fragment_writes = dice.chance(70);
  weather.faults.delay_ms_max = dice.chance(60) ? static_cast<std::int64_t>(dice.below(50)) : 0;
  // Where every byte takes its time, a tiny buffer would make a timeout of each body.
  const std::size_t buffer_bytes_min = weather.faults.delay_ms_max > 0 ? 8000 : 1;
  if (dice.chance(30)) weather.faults.buffer_bytes = buffer_bytes_min + dice.below(4000);
  if (dice.chance(40)) weather.bad_upstream_percent = 30;
  if (dice.chance(25)) weather.faults.reset_ppm = 5000;
  if (dice.chance(15)) weather.faults.refuse_ppm = 200'000;
  if (dice.chance(10)) weather.faults.vanish_ppm = 100'000;
  return weather;
}

// Again and again, for as long as anybody calls.
net::Task<void> reload_often(World* world, std::int64_t pause_ms) {
  const auto all_done = [world] {
    return std::ranges::all_of(world->visits, [](const auto& visit) { return visit->done; });
  };
  for (;;) {
    co_await world->loop.sleep_until(world->loop.now_ms() + pause_ms);
    if (all_done()) co_return;
    world->reload();
  }
}

// Three endpoints that are asked how they are, and left alone soon.
const Api& three_endpoints() {
  static const Api kApi(nullptr,
                        "{endpoints: ['http://127.0.0.1:9000', 'http://127.0.0.1:9001', "
                        "'http://localhost:9002'], retries: {idempotent: true, statuses: [502, 503], "
                        "attempts_max: 3}, ejection: {failures: 2, base: 200ms, max: 2s}, "
                        "health_check: {path: /healthz, interval: 1s, timeout: 5s}, resolve_interval: 1s}");
  return kApi;
}

std::string run_seed(const Api& api, std::uint64_t seed, bool reloads, bool http2 = false) {
  Dice dice(seed);
  const Weather weather = weather_of(dice);
  World world(api, seed, weather);
  const std::size_t endpoints = api.plan->upstreams.front().endpoints.size();
  for (std::size_t i = 1; i < endpoints; ++i) world.add_endpoint();
  std::uint32_t id = 0;
  for (std::size_t i = 1 + dice.below(6); i > 0; --i) {
    Visit& visit = world.add_visit();
    visit.pipelined = dice.chance(40) && !http2;
    visit.http2 = http2;
    visit.at_a_time = http2 && dice.chance(70);
    for (std::size_t j = 1 + dice.below(7); j > 0; --j) {
      visit.requests.push_back(make_request(dice, ++id));
      // Who pipelines does not wait to be invited.
      if (visit.pipelined) visit.requests.back().head_bytes = 0;
      if (visit.requests.back().sent_bytes != std::string::npos) break;
    }
  }
  if (reloads) net::spawn(reload_often(&world, 1 + static_cast<std::int64_t>(dice.below(40))));
  world.run();
  return world.verdict();
}

template <class Reloads>
void run_seeds(const Api& api, Reloads reloads, bool http2 = false) {
  const std::uint64_t one = from_environment("CAPONIER_SIM_SEED", 0);
  const std::uint64_t first = one != 0 ? one : from_environment("CAPONIER_SIM_FIRST", 1);
  const std::uint64_t count = one != 0 ? 1 : from_environment("CAPONIER_SIM_SEEDS", 300);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    ASSERT_EQ(run_seed(api, seed, reloads(seed), http2), "") << "replay with CAPONIER_SIM_SEED=" << seed;
  }
}

TEST(Seeds, whatever_happens_the_invariants_hold) {
  run_seeds(api(), [](std::uint64_t) { return false; });
}

TEST(Seeds, whatever_happens_in_http_2_the_invariants_hold) {
  run_seeds(
      api(), [](std::uint64_t seed) { return seed % 4 == 0; }, true);
}

TEST(Seeds, whatever_is_reloaded_in_the_middle_the_invariants_hold) {
  run_seeds(api(), [](std::uint64_t) { return true; });
}

TEST(Seeds, whatever_happens_with_several_endpoints_the_invariants_hold) {
  run_seeds(three_endpoints(), [](std::uint64_t seed) { return seed % 4 == 0; });
}

}  // namespace
}  // namespace caponier::sim
