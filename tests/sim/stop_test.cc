// Stopping: what runs ends, what does not end is ended, and nothing goes without its record.
#include <gtest/gtest.h>

#include "sim/world.h"

namespace caponier::sim {
namespace {

Answer answer_late(const Seen& seen) {
  Answer answer;
  answer.bytes = response_bytes(seen.id, 200, thing(seen.id, 30), Framing::kLength, false);
  answer.delay_ms = 5000;
  return answer;
}

TEST(Stop, draining_lets_the_exchange_under_way_end_and_says_that_the_connection_does) {
  World world(api(), 1, {});
  world.choose = answer_late;
  Visit& visit = world.add_visit();
  visit.requests.push_back(get_thing(1, api().good));
  net::spawn(pay(&world.network, &visit, 1, 60'000));
  world.loop.run_for(1000);
  world.shared.draining.store(true);
  world.worker->drain();
  EXPECT_FALSE(world.worker->idle());
  world.loop.run_until([&world] { return world.worker->idle(); }, 10'000);
  EXPECT_TRUE(world.worker->idle());
  world.loop.run_until([&visit] { return visit.done; }, 10'000);
  ASSERT_TRUE(visit.responses[0]);
  EXPECT_EQ(visit.responses[0]->status, 200);
  EXPECT_TRUE(visit.responses[0]->whole);
}

TEST(Stop, draining_ends_quiet_connections_at_once) {
  World world(api(), 1, {});
  auto client = std::make_unique<Visit>();
  client->requests.push_back(get_thing(1, api().good));
  client->requests.push_back(get_thing(2, api().good));
  world.choose = [](const Seen& seen) {
    Answer answer;
    answer.bytes = response_bytes(seen.id, 200, thing(seen.id, 30), Framing::kLength, false);
    return answer;
  };
  net::spawn(pay(&world.network, client.get(), 1, 60'000));
  world.loop.run_until([&client] { return client->done; });
  world.worker->drain();
  world.loop.run_for(1200);
  EXPECT_TRUE(world.worker->idle());
}

// An upstream that never answers, a body on its way, an answer on its way: all ended, each with its record.
TEST(Stop, abort_ends_everything_and_leaves_one_record_each) {
  World world(api(), 1, {});
  world.choose = [](const Seen& seen) {
    Answer answer;
    answer.bytes = response_bytes(seen.id, 200, thing(seen.id, 100'000), Framing::kLength, false);
    answer.delay_ms = seen.id == 3 ? 0 : 10'000'000;
    if (seen.id == 3) answer.bytes.resize(90'000);
    return answer;
  };
  std::vector<std::unique_ptr<Visit>> visits;
  for (std::uint32_t id = 1; id <= 3; ++id) {
    visits.push_back(std::make_unique<Visit>());
    visits.back()->requests.push_back(id == 2 ? put_file(world.dice, id, api().good, 1000, false)
                                              : get_thing(id, api().good));
  }
  visits[1]->requests[0].bytes.resize(visits[1]->requests[0].bytes.size() - 10);
  visits[1]->requests[0].head_bytes = 0;
  for (auto& visit : visits) net::spawn(pay(&world.network, visit.get(), 1, 60'000));
  world.loop.run_for(1000);
  EXPECT_EQ(world.upstream->seen().size(), 3U);
  world.worker->drain();
  world.worker->abort_all();
  world.loop.run_for(50);
  EXPECT_TRUE(world.worker->idle());
  world.worker->flush_records();
  for (std::uint32_t id = 1; id <= 3; ++id) {
    const auto records = world.records_of(id);
    ASSERT_EQ(records.size(), 1U) << id;
    EXPECT_TRUE(records[0]->aborted) << id;
    EXPECT_NE(records[0]->reason, "") << id;
  }
}

// What hangs at the end of a thread is destroyed while all that it refers to lives.
TEST(Stop, what_hangs_can_be_destroyed) {
  World world(api(), 1, {});
  world.choose = [](const Seen&) {
    Answer answer;
    answer.delay_ms = 10'000'000;
    return answer;
  };
  auto visit = std::make_unique<Visit>();
  visit->requests.push_back(put_file(world.dice, 1, api().good, 1000, true));
  visit->requests[0].bytes.resize(visit->requests[0].bytes.size() - 10);
  visit->requests[0].head_bytes = 0;
  net::spawn(pay(&world.network, visit.get(), 1, 60'000));
  world.loop.run_for(1000);
  EXPECT_FALSE(world.worker->idle());
  EXPECT_GT(net::destroy_spawned(), 2U);
}

}  // namespace
}  // namespace caponier::sim
