#include "net/test_net.h"

#include <gtest/gtest.h>

#include <string>

namespace caponier::net {
namespace {

const Address kServer = *parse_address("127.0.0.1", 8080);

Task<void> serve_one(Listener& listener, std::string& got, IoStatus& end) {
  auto accepted = co_await listener.accept();
  std::string into(1000, '\0');
  while (true) {
    const auto result = co_await accepted.stream->read(into.data(), into.size(), kNoDeadline);
    end = result.status;
    if (!result.ok()) break;
    got.append(into, 0, result.bytes);
    const auto written =
        co_await accepted.stream->write(std::string_view(into).substr(0, result.bytes), "", kNoDeadline);
    if (!written.ok()) break;
  }
}

Task<void> send_one(Network& network, std::string text, std::string& back, std::string& error) {
  auto connected = co_await network.connect(kServer, network.loop().now_ms() + 1000);
  if (!connected) {
    error = connected.error();
    co_return;
  }
  auto stream = std::move(*connected);
  const auto written = co_await stream->write(text, "!", kNoDeadline);
  if (!written.ok()) {
    error = "write";
    co_return;
  }
  stream->shutdown();
  std::string into(1000, '\0');
  while (true) {
    const auto result = co_await stream->read(into.data(), into.size(), network.loop().now_ms() + 10'000);
    if (result.status == IoStatus::kReset) error = "reset";
    if (!result.ok()) break;
    back.append(into, 0, result.bytes);
  }
}

struct Outcome {
  std::string got;
  std::string back;
  std::string error;
  IoStatus end = IoStatus::kOk;
  std::int64_t took_ms = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome exchange(std::uint64_t seed, const SimFaults& faults, std::size_t bytes = 5000) {
  SimLoop loop;
  SimNetwork network(loop, seed, faults);
  Outcome outcome;
  const std::int64_t begin_ms = loop.now_ms();
  {
    auto listener = std::move(*network.listen(kServer));
    spawn(serve_one(*listener, outcome.got, outcome.end));
    spawn(send_one(network, std::string(bytes, 'x'), outcome.back, outcome.error));
    loop.run();
    outcome.took_ms = loop.now_ms() - begin_ms;
    destroy_spawned();
  }
  return outcome;
}

Task<void> write_all(Stream& stream, std::size_t bytes, std::int64_t deadline_ms, std::int64_t progress_ms,
                     IoResult& result, std::int64_t& took_ms) {
  const std::int64_t began_ms = stream.loop().now_ms();
  const std::string text(bytes, 'x');
  result = co_await stream.write(text, {}, began_ms + deadline_ms, progress_ms);
  took_ms = stream.loop().now_ms() - began_ms;
}

// `bytes` each 900 milliseconds, so many times.
Task<void> read_slowly(Stream& stream, std::size_t bytes, int times) {
  std::string into(bytes, '\0');
  for (int i = 0; i < times; ++i) {
    co_await stream.loop().sleep_until(stream.loop().now_ms() + 900);
    co_await stream.read(into.data(), bytes, kNoDeadline);
  }
}

TEST(Write, goes_on_as_long_as_some_of_it_is_taken_in_time_and_not_beyond_its_deadline) {
  struct Row {
    int reads;
    std::int64_t deadline_ms, progress_ms;
    IoStatus status;
    std::int64_t took_ms;
  };
  for (const Row& row :
       {Row{20, 60'000, 1000, IoStatus::kOk, 16'200}, Row{5, 60'000, 1000, IoStatus::kTimedOut, 5500},
        Row{20, 5000, 1000, IoStatus::kTimedOut, 5000}, Row{20, 60'000, 800, IoStatus::kTimedOut, 800},
        Row{5, 8000, kNoDeadline, IoStatus::kTimedOut, 8000}}) {
    SimLoop loop;
    SimFaults faults;
    faults.buffer_bytes = 1000;
    SimNetwork network(loop, 1, faults);
    auto [writer, reader] = network.pair();
    IoResult result;
    std::int64_t took_ms = 0;
    spawn(write_all(*writer, 10'000, row.deadline_ms, row.progress_ms, result, took_ms));
    spawn(read_slowly(*reader, 500, row.reads));
    loop.run_for(100'000);
    EXPECT_EQ(result.status, row.status) << row.took_ms;
    EXPECT_EQ(took_ms, row.took_ms);
    destroy_spawned();
  }
}

TEST(SimNetwork, echoes_without_faults_in_no_time) {
  const Outcome outcome = exchange(1, {});
  EXPECT_EQ(outcome.got, std::string(5000, 'x') + "!");
  EXPECT_EQ(outcome.back, outcome.got);
  EXPECT_EQ(outcome.end, IoStatus::kClosed);
  EXPECT_EQ(outcome.took_ms, 0);
}

TEST(SimNetwork, fragments_and_delays_lose_nothing) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Outcome outcome = exchange(
        seed, {.fragment_reads = true, .fragment_writes = true, .delay_ms_max = 20, .buffer_bytes = 3000});
    ASSERT_EQ(outcome.back, std::string(5000, 'x') + "!") << seed;
    EXPECT_GT(outcome.took_ms, 0);
  }
  EXPECT_EQ(exchange(1, {.byte_by_byte = true}, 100).back.size(), 101U);
}

TEST(SimNetwork, the_same_seed_gives_the_same_run_and_another_seed_another) {
  const SimFaults faults{.fragment_reads = true,
                         .fragment_writes = true,
                         .delay_ms_max = 50,
                         .reset_ppm = 20'000,
                         .refuse_ppm = 100'000,
                         .vanish_ppm = 100'000};
  int resets = 0;
  int refused = 0;
  int vanished = 0;
  bool differ = false;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Outcome outcome = exchange(seed, faults);
    ASSERT_EQ(outcome, exchange(seed, faults)) << seed;
    differ = differ || outcome != exchange(seed + 1, faults);
    resets += outcome.error == "reset" || outcome.error == "write";
    refused += outcome.error == "Connection refused";
    vanished += outcome.error == "connecting timed out";
  }
  EXPECT_TRUE(differ);
  EXPECT_GT(resets, 0);
  EXPECT_GT(refused, 0);
  EXPECT_GT(vanished, 0);
}

TEST(SimNetwork, nobody_listening_refuses_and_a_taken_address_cannot_be_listened_on) {
  SimLoop loop;
  SimNetwork network(loop, 1);
  std::string back;
  std::string error;
  spawn(send_one(network, "x", back, error));
  loop.run();
  EXPECT_EQ(error, "Connection refused");
  auto listener = network.listen(kServer);
  EXPECT_FALSE(network.listen(kServer).ok());
  listener->reset();
  EXPECT_TRUE(network.listen(kServer).ok());
}

TEST(SimStream, a_full_buffer_blocks_until_it_is_read) {
  SimLoop loop;
  SimNetwork network(loop, 1, {.buffer_bytes = 4});
  auto ends = network.pair();
  EXPECT_EQ(ends.first->try_write("abc", "def").bytes, 4U);
  EXPECT_EQ(ends.first->try_write("ef", "").status, IoStatus::kWouldBlock);
  char into[10];
  EXPECT_EQ(ends.second->try_read(into, 10).bytes, 4U);
  EXPECT_EQ(ends.first->try_write("ef", "").bytes, 2U);
}

TEST(SimStream, an_end_an_abort_and_a_close_look_as_with_the_kernel) {
  SimLoop loop;
  SimNetwork network(loop, 1);
  char into[10];
  auto ended = network.pair();
  ended.first->try_write("x", "");
  ended.first->shutdown();
  EXPECT_EQ(ended.second->try_read(into, 10).bytes, 1U);
  EXPECT_EQ(ended.second->try_read(into, 10).status, IoStatus::kClosed);
  EXPECT_TRUE(ended.second->try_write("y", "").ok());
  EXPECT_EQ(ended.first->try_write("z", "").status, IoStatus::kReset);

  auto aborted = network.pair();
  aborted.first->try_write("x", "");
  aborted.first->abort();
  EXPECT_EQ(aborted.second->try_read(into, 10).status, IoStatus::kReset);

  auto closed = network.pair();
  closed.first->try_write("x", "");
  closed.first.reset();
  EXPECT_EQ(closed.second->try_read(into, 10).bytes, 1U);
  EXPECT_EQ(closed.second->try_read(into, 10).status, IoStatus::kClosed);
  EXPECT_EQ(closed.second->try_write("y", "").status, IoStatus::kReset);

  auto unread = network.pair();
  unread.second->try_write("x", "");
  unread.first.reset();
  EXPECT_EQ(unread.second->try_read(into, 10).status, IoStatus::kReset);
}

TEST(SimLoop, time_jumps_to_the_next_timer_and_stands_still_otherwise) {
  SimLoop loop({.wall_ms = 5'000'000, .steady_us = 0});
  std::vector<std::int64_t> woke;
  const auto nap = [](Loop& l, std::int64_t at_ms, std::vector<std::int64_t>& into) -> Task<void> {
    co_await l.sleep_until(at_ms);
    into.push_back(l.now_ms());
  };
  spawn(nap(loop, 70'000, woke));
  spawn(nap(loop, 10, woke));
  loop.run_for(9);
  EXPECT_TRUE(woke.empty());
  loop.run_for(1);
  EXPECT_EQ(woke, std::vector<std::int64_t>{10});
  loop.run();
  EXPECT_EQ(woke, (std::vector<std::int64_t>{10, 70'000}));
  EXPECT_EQ(loop.now().wall_ms, 5'070'000);
  EXPECT_FALSE(loop.run_until([] { return false; }, 100));
}

TEST(SimNetwork, tells_what_was_written_and_is_not_read_yet) {
  SimLoop loop;
  SimNetwork network(loop, 1);
  const SimNetwork::Pair ends = network.pair();
  EXPECT_EQ(SimNetwork::unread(*ends.first), 0U);
  ASSERT_TRUE(ends.first->try_write("hello", {}).ok());
  EXPECT_EQ(SimNetwork::unread(*ends.first), 5U);
  EXPECT_EQ(SimNetwork::unread(*ends.second), 0U);
  loop.run_for(1);
  char two[2];
  ASSERT_EQ(ends.second->try_read(two, sizeof two).bytes, 2U);
  EXPECT_EQ(SimNetwork::unread(*ends.first), 3U);
}

}  // namespace
}  // namespace caponier::net
