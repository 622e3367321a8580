// The hot path's promise: once warm, the way to an endpoint and back asks the heap for nothing.
#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <vector>

#include "net/test_net.h"
#include "upstream/cluster.h"
#include "upstream/test_server.h"

#if !defined(CAPONIER_SANITIZED)
#include "base/test_allocations.h"

namespace caponier::upstream {
namespace {

struct Warm {
  explicit Warm(std::uint16_t endpoints) {
    ClusterSettings settings;
    for (std::uint16_t port = 1; port <= endpoints; ++port) {
      settings.endpoints.push_back({"127.0.0.1", port});
      servers.push_back(std::make_unique<TestServer>(network, *net::parse_address("127.0.0.1", port), ""));
    }
    cluster =
        std::make_shared<Cluster>(network, blocks, std::move(settings), std::make_shared<Load>(), 7, nullptr);
    cluster->start();
  }
  ~Warm() { net::destroy_spawned(); }

  static net::Task<void> open(Pool* pool, std::optional<Pool::Lease>* into) {
    auto connected = co_await pool->connect(net::kNoDeadline);
    if (connected) into->emplace(std::move(*connected));
  }
  // One exchange, as the driver does it. False if a connection could not be had.
  bool exchange() {
    if (!visit.enter(*cluster)) return false;
    Endpoint* endpoint = visit.again();
    Pool::Lease lease = endpoint->pool.take_idle();
    if (!lease) {
      std::optional<Pool::Lease> fresh;
      net::spawn(open(&endpoint->pool, &fresh));
      loop.run_until([&fresh] { return fresh.has_value(); });
      if (!fresh) return false;
      lease = std::move(*fresh);
    }
    visit.succeeded();
    endpoint->pool.give_back(std::move(lease));
    visit.leave();
    return true;
  }

  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  BlockPool blocks;
  std::vector<std::unique_ptr<TestServer>> servers;
  std::shared_ptr<Cluster> cluster;
  Visit visit;
};

TEST(Allocation, the_way_to_an_endpoint_and_back_asks_the_heap_for_nothing_once_warm) {
  for (const std::uint16_t endpoints : std::initializer_list<std::uint16_t>{1, 2, 64}) {
    Warm warm(endpoints);
    for (int i = 0; i < 2000; ++i) ASSERT_TRUE(warm.exchange());
    const std::uint64_t before = allocations;
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(warm.exchange());
    EXPECT_EQ(allocations, before) << endpoints;
  }
}

}  // namespace
}  // namespace caponier::upstream

#endif
