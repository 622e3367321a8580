#include "upstream/pool.h"

#include <gtest/gtest.h>

#include <optional>

#include "net/test_net.h"
#include "upstream/test_server.h"

namespace caponier::upstream {
namespace {

const net::Address kServer = *net::parse_address("127.0.0.1", 9000);

struct World {
  ~World() { net::destroy_spawned(); }
  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  BlockPool blocks;
  PoolLimits limits;
  Pool pool{network, blocks, {kServer, "", "", nullptr}, limits};
  TestServer server{network, kServer, "HTTP/1.1 204 No Content\r\n\r\n"};
  std::optional<Result<Pool::Lease, ConnectFailure>> connected;

  static net::Task<void> open(World* self, Pool* pool) {
    self->connected.emplace(co_await pool->connect(self->loop.now_ms() + 10'000));
  }
  static net::Task<void> ask(World* self, Connection* connection, bool* done) {
    co_await connection->http1()->stream().write("GET / HTTP/1.1\r\n\r\n", {}, net::kNoDeadline);
    connection->begin(http::Method::kGet, false);
    const auto read = co_await connection->receive(self->loop.now_ms() + 1000);
    connection->received(read.bytes);
    if (connection->read_head()) connection->begin_body();
    *done = true;
  }
  // A connection that carried one exchange.
  Pool::Lease used() {
    connected.reset();
    net::spawn(open(this, &pool));
    loop.run_until([this] { return connected.has_value(); });
    Pool::Lease lease = std::move(**connected);
    bool done = false;
    net::spawn(ask(this, lease.get(), &done));
    loop.run_until([&done] { return done; });
    return lease;
  }
};

TEST(Pool, a_connection_that_was_given_back_is_taken_again_and_known_as_used) {
  World world;
  Pool::Lease lease = world.used();
  EXPECT_FALSE(lease->reused());
  const Connection* same = lease.get();
  world.pool.give_back(std::move(lease));
  EXPECT_EQ(world.pool.idle(), 1U);
  Pool::Lease again = world.pool.take_idle();
  EXPECT_EQ(again.get(), same);
  EXPECT_TRUE(again->reused());
  EXPECT_EQ(world.pool.take_idle(), nullptr);
}

TEST(Pool, the_most_recently_used_is_taken_first) {
  World world;
  Pool::Lease first = world.used();
  Pool::Lease second = world.used();
  const Connection* recent = second.get();
  world.pool.give_back(std::move(first));
  world.pool.give_back(std::move(second));
  EXPECT_EQ(world.pool.take_idle().get(), recent);
}

TEST(Pool, an_idle_connection_that_the_upstream_ends_leaves_at_once) {
  World world;
  world.pool.give_back(world.used());
  world.server.open.at(0)->shutdown();
  world.loop.run_for(10);
  EXPECT_EQ(world.pool.idle(), 0U);
}

// Response splitting between exchanges: bytes that nobody asked for would be read as the next answer.
TEST(Pool, an_idle_connection_on_which_the_upstream_speaks_unasked_leaves_at_once) {
  World world;
  world.pool.give_back(world.used());
  (void)world.server.open.at(0)->try_write("HTTP/1.1 200 OK\r\n", {});
  world.loop.run_for(10);
  EXPECT_EQ(world.pool.idle(), 0U);
}

TEST(Pool, a_connection_with_bytes_left_over_is_not_pooled) {
  World world;
  Pool::Lease lease = world.used();
  lease->http1()->buffer().reserve(10);
  lease->http1()->buffer().tail()[0] = 'x';
  lease->http1()->buffer().commit(1);
  world.pool.give_back(std::move(lease));
  EXPECT_EQ(world.pool.idle(), 0U);
}

TEST(Pool, an_idle_connection_holds_no_buffer) {
  World world;
  Pool::Lease lease = world.used();
  lease->http1()->buffer().reserve(10);
  EXPECT_GT(world.blocks.bytes_in_use(), 0U);
  world.pool.give_back(std::move(lease));
  EXPECT_EQ(world.blocks.bytes_in_use(), 0U);
}

TEST(Pool, a_connection_is_idle_for_as_long_as_its_limit_and_not_longer) {
  for (const std::int64_t over : {0, 1}) {
    World world;
    world.pool.give_back(world.used());
    world.loop.run_for(world.limits.idle_ms + over);
    EXPECT_EQ(world.pool.take_idle() != nullptr, over == 0);
    EXPECT_EQ(world.pool.idle(), 0U);
  }
}

TEST(Pool, nobody_listening_is_unreachable_and_silence_is_a_timeout) {
  World world;
  Pool nowhere(world.network, world.blocks, {*net::parse_address("127.0.0.1", 1), "", "", nullptr},
               world.limits);
  net::spawn(World::open(&world, &nowhere));
  world.loop.run_until([&world] { return world.connected.has_value(); });
  ASSERT_FALSE(*world.connected);
  EXPECT_EQ(world.connected->error().error, ConnectError::kUnreachable);

  net::SimFaults faults;
  faults.vanish_ppm = 1'000'000;
  world.network.set_faults(faults);
  world.connected.reset();
  const std::int64_t began = world.loop.now_ms();
  net::spawn(World::open(&world, &world.pool));
  world.loop.run_until([&world] { return world.connected.has_value(); });
  ASSERT_FALSE(*world.connected);
  EXPECT_EQ(world.connected->error().error, ConnectError::kTimedOut);
  EXPECT_EQ(world.loop.now_ms() - began, world.limits.connect_ms);
}

}  // namespace
}  // namespace caponier::upstream
