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
  constexpr std::int64_t kStepMs = 500;  // nobody waits long for the end of this
  for (std::int64_t next_ms = world->loop.now_ms() + pause_ms;;) {
    const std::int64_t now_ms = world->loop.now_ms();
    co_await world->loop.sleep_until(std::min(next_ms, now_ms + kStepMs));
    if (all_done()) co_return;
    if (world->loop.now_ms() < next_ms) continue;
    world->reload();
    next_ms += pause_ms;
  }
}

// Sets the wall clock forth and back, by less than half an hour from where it would be: no token of a run
// changes its state by that, and nothing else may ask the wall what time it is.
net::Task<void> jump_often(World* world, std::int64_t pause_ms) {
  constexpr std::uint64_t kJumpMs = 1'800'000;
  Dice dice(static_cast<std::uint64_t>(pause_ms));
  std::int64_t ahead_ms = 0;
  while (!std::ranges::all_of(world->visits, [](const auto& visit) { return visit->done; })) {
    const std::int64_t next_ms =
        static_cast<std::int64_t>(dice.below(2 * kJumpMs)) - static_cast<std::int64_t>(kJumpMs);
    world->loop.jump_wall(next_ms - ahead_ms);
    ahead_ms = next_ms;
    co_await world->loop.sleep_until(world->loop.now_ms() + pause_ms);
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

// As a proxy says it, in version 1 or 2.
std::string proxy_header(bool binary) {
  using namespace std::string_literals;
  if (!binary) return "PROXY TCP4 "s + kProxiedClient + " 192.0.2.1 40000 443\r\n";
  return "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11"s +
         "\xc6\x33\x64\x07\xc0\x00\x02\x01\x9c\x40\x01\xbb\x01\0\x02h2"s;
}

const Api& http2_upstream() {
  static const Api kApi(nullptr, "{url: 'http://127.0.0.1:9000', protocol: http2}");
  return kApi;
}

// A handshake, mostly one that is taken.
void add_websocket(Visit& visit, Dice& dice, std::uint32_t id) {
  Feed& feed = visit.feed.emplace();
  feed.end = static_cast<Feed::End>(dice.below(3));
  feed.frames = dice.below(8);
  const bool waits = feed.end == Feed::End::kWaits;
  visit.requests.push_back(open_feed(id, waits ? api().brief : api().good));
  if (!dice.chance(15)) return;
  feed.end = Feed::End::kCloses;
  Request& refused = visit.requests.back();
  const bool scopes = dice.chance(50);
  refused = open_feed(id, scopes ? api().poor : api().expired);
  refused.allowed = false;
  refused.status = scopes ? 403 : 401;
}

// What is special about a run.
struct Kind {
  const Api* api = nullptr;          // null: the usual one
  std::uint64_t reloads_of_all = 0;  // every run, every fourth; 0: none
  bool http2 = false;
  bool behind_proxy = false;
  bool clock_jumps = false;
  bool http2_upstream = false;
  bool websockets = false;
};

std::string run_seed(std::uint64_t seed, const Kind& kind) {
  Dice dice(seed);
  const Weather weather = weather_of(dice);
  const Api& served = kind.api == nullptr ? api() : *kind.api;
  World world(served, seed, weather);
  const std::size_t endpoints = served.plan->upstreams.front().endpoints.size();
  for (std::size_t i = 1; i < endpoints; ++i) world.add_endpoint();
  if (kind.behind_proxy) world.stand_behind_proxy();
  if (kind.http2_upstream) world.speak_http2_upstream();
  std::uint32_t id = 0;
  for (std::size_t i = 1 + dice.below(6); i > 0; --i) {
    Visit& visit = world.add_visit();
    if (kind.websockets && dice.chance(60)) {
      add_websocket(visit, dice, ++id);
      continue;
    }
    visit.pipelined = dice.chance(40) && !kind.http2;
    visit.http2 = kind.http2;
    visit.at_a_time = kind.http2 && dice.chance(70);
    if (kind.behind_proxy) visit.greeting = proxy_header(dice.chance(50));
    for (std::size_t j = 1 + dice.below(7); j > 0; --j) {
      visit.requests.push_back(make_request(dice, ++id));
      // Who pipelines does not wait to be invited.
      if (visit.pipelined) visit.requests.back().head_bytes = 0;
      if (visit.requests.back().sent_bytes != std::string::npos) break;
    }
  }
  const bool reloads = kind.reloads_of_all != 0 && seed % kind.reloads_of_all == 0;
  const std::int64_t often = kind.websockets ? 1000 : 1;  // they last
  if (reloads) net::spawn(reload_often(&world, often + often * static_cast<std::int64_t>(dice.below(40))));
  if (kind.clock_jumps) net::spawn(jump_often(&world, 1 + static_cast<std::int64_t>(dice.below(100))));
  world.run();
  return world.verdict();
}

void run_seeds(const Kind& kind) {
  const std::uint64_t one = from_environment("CAPONIER_SIM_SEED", 0);
  const std::uint64_t first = one != 0 ? one : from_environment("CAPONIER_SIM_FIRST", 1);
  const std::uint64_t count = one != 0 ? 1 : from_environment("CAPONIER_SIM_SEEDS", 300);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    ASSERT_EQ(run_seed(seed, kind), "") << "replay with CAPONIER_SIM_SEED=" << seed;
  }
}

TEST(Seeds, whatever_happens_the_invariants_hold) {
  run_seeds({});
}

TEST(Seeds, whatever_is_reloaded_in_the_middle_the_invariants_hold) {
  run_seeds({.reloads_of_all = 1});
}

TEST(Seeds, whatever_happens_in_http_2_the_invariants_hold) {
  run_seeds({.reloads_of_all = 4, .http2 = true});
}

TEST(Seeds, whatever_a_proxy_passes_on_the_invariants_hold) {
  run_seeds({.behind_proxy = true});
}

TEST(Seeds, wherever_the_wall_clock_jumps_the_invariants_hold) {
  run_seeds({.reloads_of_all = 4, .clock_jumps = true});
}

TEST(Seeds, wherever_the_wall_clock_jumps_in_http_2_the_invariants_hold) {
  run_seeds({.http2 = true, .clock_jumps = true});
}

TEST(Seeds, whatever_happens_with_several_endpoints_the_invariants_hold) {
  run_seeds({.api = &three_endpoints(), .reloads_of_all = 4});
}

TEST(Seeds, whatever_happens_with_an_upstream_of_http_2_the_invariants_hold) {
  run_seeds({.api = &http2_upstream(), .reloads_of_all = 4, .http2_upstream = true});
}

TEST(Seeds, whatever_happens_in_http_2_on_both_sides_the_invariants_hold) {
  run_seeds({.api = &http2_upstream(), .reloads_of_all = 4, .http2 = true, .http2_upstream = true});
}

TEST(Seeds, whatever_happens_to_websockets_the_invariants_hold) {
  run_seeds({.reloads_of_all = 4, .websockets = true});
}

}  // namespace
}  // namespace caponier::sim
