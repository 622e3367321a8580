#include "upstream/cluster.h"

#include <gtest/gtest.h>

#include <set>

#include "net/test_net.h"
#include "upstream/test_server.h"

namespace caponier::upstream {
namespace {

net::Address at(std::uint16_t port, std::string_view host = "127.0.0.1") {
  return *net::parse_address(host, port);
}

struct World {
  ~World() {
    for (const auto& cluster : clusters) cluster->stop();
    net::destroy_spawned();
  }
  std::shared_ptr<Cluster> make(std::vector<NamedEndpoint> endpoints, const UpstreamRules& rules = {}) {
    ClusterSettings settings;
    settings.name = "test";
    settings.authority = "test";
    settings.endpoints = std::move(endpoints);
    settings.rules = rules;
    clusters.push_back(std::make_shared<Cluster>(network, blocks, std::move(settings), load, 7,
                                                 [this](std::string_view text) { said.emplace_back(text); }));
    clusters.back()->start();
    return clusters.back();
  }
  static net::Task<void> wait(std::shared_ptr<Cluster> cluster, std::optional<std::string>* why, bool* done) {
    *why = co_await cluster->ready(net::kNoDeadline);
    *done = true;
  }
  // What ready() says.
  std::optional<std::string> ready(const std::shared_ptr<Cluster>& cluster) {
    std::optional<std::string> why;
    bool done = false;
    net::spawn(wait(cluster, &why, &done));
    loop.run_until([&done] { return done; });
    EXPECT_TRUE(done);
    return why;
  }
  static std::size_t endpoints(const Cluster& cluster) {
    std::vector<EndpointState> all;
    cluster.describe(all);
    return all.size();
  }
  // The ports of the endpoints that can be chosen.
  static std::set<std::uint16_t> open(Cluster& cluster) {
    std::set<std::uint16_t> ports;
    Visit visit;
    EXPECT_TRUE(visit.enter(cluster));
    while (Endpoint* endpoint = visit.next()) ports.insert(endpoint->address().port);
    return ports;
  }

  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  BlockPool blocks;
  std::shared_ptr<Load> load = std::make_shared<Load>();
  std::vector<std::string> said;
  std::vector<std::shared_ptr<Cluster>> clusters;
};

TEST(Cluster, every_endpoint_is_tried_once_and_none_twice) {
  World world;
  auto cluster = world.make({{"127.0.0.1", 1}, {"127.0.0.1", 2}, {"127.0.0.1", 3}});
  Visit visit;
  ASSERT_TRUE(visit.enter(*cluster));
  std::set<Endpoint*> seen;
  for (int i = 0; i < 3; ++i) seen.insert(visit.next());
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_FALSE(seen.contains(nullptr));
  EXPECT_EQ(visit.next(), nullptr);
  EXPECT_NE(visit.again(), nullptr) << "one that may have been tried";
}

TEST(Cluster, the_less_busy_of_two_is_chosen) {
  World world;
  auto cluster = world.make({{"127.0.0.1", 1}, {"127.0.0.1", 2}});
  std::vector<std::unique_ptr<Visit>> visits;
  std::map<Endpoint*, int> counts;
  for (int i = 0; i < 100; ++i) {
    visits.push_back(std::make_unique<Visit>());
    ASSERT_TRUE(visits.back()->enter(*cluster));
    ++counts[visits.back()->next()];
  }
  ASSERT_EQ(counts.size(), 2U);
  for (const auto& [endpoint, count] : counts) EXPECT_EQ(count, 50);
}

TEST(Cluster, more_requests_than_may_be_under_way_are_turned_away) {
  World world;
  UpstreamRules rules;
  rules.requests_max = 2;
  rules.pending_max = 1;
  auto cluster = world.make({{"127.0.0.1", 1}}, rules);
  Visit first;
  Visit second;
  Visit third;
  EXPECT_TRUE(first.enter(*cluster));
  EXPECT_TRUE(second.enter(*cluster));
  EXPECT_FALSE(third.enter(*cluster));
  EXPECT_TRUE(first.begin_pending());
  EXPECT_FALSE(second.begin_pending());
  first.end_pending();
  EXPECT_TRUE(second.begin_pending());
  second.leave();
  EXPECT_TRUE(third.enter(*cluster));
  EXPECT_TRUE(third.begin_pending()) << "who leaves waits no more";
}

TEST(Cluster, failures_eject_an_endpoint_for_its_time_but_never_more_than_the_share) {
  World world;
  UpstreamRules rules;
  rules.ejection.failures = 1;
  rules.ejection.base_ms = 1000;
  auto cluster = world.make({{"127.0.0.1", 1}, {"127.0.0.1", 2}}, rules);
  for (int i = 0; i < 4; ++i) {
    Visit visit;
    ASSERT_TRUE(visit.enter(*cluster));
    ASSERT_NE(visit.next(), nullptr);
    visit.failed("because");
  }
  EXPECT_EQ(cluster->available(), 1U);
  ASSERT_EQ(world.said.size(), 1U);
  EXPECT_TRUE(world.said[0].ends_with(" ejected for 1000ms: because")) << world.said[0];
  world.loop.run_for(1000);
  EXPECT_EQ(cluster->available(), 2U);
}

TEST(Cluster, with_nobody_left_it_says_when_somebody_may_be_back) {
  World world;
  UpstreamRules rules;
  rules.ejection = {.failures = 1, .base_ms = 4500, .max_ms = 9000, .percent_max = 100};
  auto cluster = world.make({{"127.0.0.1", 1}}, rules);
  Visit visit;
  ASSERT_TRUE(visit.enter(*cluster));
  ASSERT_NE(visit.next(), nullptr);
  visit.failed("because");
  EXPECT_EQ(visit.again(), nullptr);
  EXPECT_EQ(cluster->retry_after_s(), 5);
}

TEST(Cluster, a_name_stands_for_its_addresses_and_follows_them) {
  World world;
  world.network.set_host("orders", {at(0, "10.0.0.1"), at(0, "10.0.0.2")});
  UpstreamRules rules;
  rules.resolve_ms = 5000;
  auto cluster = world.make({{"orders", 9000}}, rules);
  EXPECT_EQ(world.ready(cluster), std::nullopt);
  EXPECT_EQ(World::endpoints(*cluster), 2U);
  Visit old;
  ASSERT_TRUE(old.enter(*cluster));
  Endpoint* endpoint = old.next();
  world.network.set_host("orders", {at(0, "10.0.0.3")});
  world.loop.run_for(5100);
  EXPECT_EQ(World::endpoints(*cluster), 1U);
  EXPECT_TRUE(endpoint->retired) << "lives as long as its exchange";
  Visit fresh;
  ASSERT_TRUE(fresh.enter(*cluster));
  EXPECT_EQ(fresh.next()->address().host_text(), "10.0.0.3");
}

TEST(Cluster, no_more_addresses_are_kept_than_may_be_and_new_ones_take_the_place_of_old_ones) {
  World world;
  const auto some = [](int first, int count) {
    std::vector<net::Address> all;
    for (int i = 0; i < count; ++i) all.push_back(at(0, "10.0.0." + std::to_string(first + i)));
    return all;
  };
  world.network.set_host("orders", some(1, kUpstreamEndpointsMax));
  UpstreamRules rules;
  rules.resolve_ms = 5000;
  auto cluster = world.make({{"orders", 9000}}, rules);
  EXPECT_EQ(world.ready(cluster), std::nullopt);
  EXPECT_EQ(World::endpoints(*cluster), kUpstreamEndpointsMax);
  world.network.set_host("orders", some(100, kUpstreamEndpointsMax + 1));
  world.loop.run_for(5100);
  std::vector<EndpointState> all;
  cluster->describe(all);
  EXPECT_EQ(all.size(), kUpstreamEndpointsMax);
  for (const EndpointState& one : all) EXPECT_TRUE(one.address.starts_with("10.0.0.1")) << one.address;
}

TEST(Cluster, a_request_tries_eight_endpoints_and_not_a_ninth) {
  World world;
  std::vector<NamedEndpoint> nine;
  for (std::uint16_t port = 1; port <= kUpstreamConnectTriesMax + 1; ++port)
    nine.push_back({"127.0.0.1", port});
  auto cluster = world.make(nine);
  EXPECT_EQ(World::open(*cluster).size(), kUpstreamConnectTriesMax);
}

TEST(Cluster, a_name_without_address_is_told_and_asked_again) {
  World world;
  auto cluster = world.make({{"orders", 9000}});
  const auto why = world.ready(cluster);
  ASSERT_TRUE(why.has_value());
  EXPECT_TRUE(why->starts_with("orders: ")) << *why;
  world.network.set_host("orders", {at(0, "10.0.0.1")});
  world.loop.run_for(1000);
  EXPECT_EQ(world.ready(cluster), std::nullopt);
  EXPECT_TRUE(cluster->known());
}

TEST(Cluster, health_checks_take_out_who_is_not_well_and_bring_back_who_is) {
  World world;
  TestServer well(world.network, at(1), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  TestServer ill(world.network, at(2), "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  UpstreamRules rules;
  rules.health_check = {
      .path = "/healthz", .interval_ms = 1000, .timeout_ms = 500, .healthy = 2, .unhealthy = 2};
  auto cluster = world.make({{"127.0.0.1", 1}, {"127.0.0.1", 2}, {"127.0.0.1", 3}}, rules);
  world.loop.run_for(500);
  EXPECT_EQ(World::open(*cluster).size(), 3U) << "one bad answer is not enough";
  world.loop.run_for(1000);
  EXPECT_EQ(World::open(*cluster), std::set<std::uint16_t>{1});
  EXPECT_EQ(world.said.size(), 2U);
  ASSERT_FALSE(ill.requests.empty());
  EXPECT_TRUE(ill.requests[0].starts_with("GET /healthz HTTP/1.1\r\nHost: test\r\n")) << ill.requests[0];
  ill.answer_ = well.answer_;
  world.loop.run_for(3000);
  EXPECT_EQ(World::open(*cluster), (std::set<std::uint16_t>{1, 2}));
}

TEST(Cluster, an_interim_answer_is_not_what_a_health_check_asked_for) {
  World world;
  TestServer well(world.network, at(1),
                  "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  UpstreamRules rules;
  rules.health_check = {.path = "/", .interval_ms = 1000, .timeout_ms = 500, .healthy = 1, .unhealthy = 1};
  auto cluster = world.make({{"127.0.0.1", 1}}, rules);
  world.loop.run_for(100);
  EXPECT_EQ(well.requests.size(), 1U);
  EXPECT_EQ(World::open(*cluster).size(), 1U);
  for (int i = 0; i < 17; ++i) well.answer_.insert(0, "HTTP/1.1 103 Early Hints\r\n\r\n");
  world.loop.run_for(1000);
  EXPECT_TRUE(World::open(*cluster).empty()) << "there is an end to them";
}

TEST(Cluster, once_stopped_it_asks_nothing_and_tells_nothing) {
  World world;
  TestServer ill(world.network, at(1), "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  UpstreamRules rules;
  rules.health_check = {.path = "/", .interval_ms = 1000, .timeout_ms = 500, .healthy = 1, .unhealthy = 1};
  auto cluster = world.make({{"127.0.0.1", 1}, {"orders", 1}}, rules);
  cluster->stop();  // with a check under way
  world.loop.run_for(60'000);
  EXPECT_EQ(ill.requests.size(), 1U);
  EXPECT_TRUE(world.said.empty());
}

// Names take their time.
class SlowNames final : public net::Network {
 public:
  explicit SlowNames(net::SimNetwork& network) : network_(network) {}
  Result<std::unique_ptr<net::Listener>, std::string> listen(const net::Address& address) override {
    return network_.listen(address);
  }
  net::Task<Result<std::unique_ptr<net::Stream>, std::string>> connect(net::Address address,
                                                                       std::int64_t deadline_ms) override {
    return network_.connect(address, deadline_ms);
  }
  net::Task<Result<std::vector<net::Address>, std::string>> resolve(std::string host, std::uint16_t port,
                                                                    std::int64_t deadline_ms) override {
    co_await loop().sleep_until(loop().now_ms() + 2000);
    co_return co_await network_.resolve(std::move(host), port, deadline_ms);
  }
  net::Loop& loop() override { return network_.loop(); }

 private:
  net::SimNetwork& network_;
};

struct SlowWorld : World {
  std::shared_ptr<Cluster> cluster_of(const std::string& first, const std::string& second) {
    ClusterSettings settings;
    settings.endpoints = {{first, 9000}, {second, 9000}};
    clusters.push_back(std::make_shared<Cluster>(names, blocks, std::move(settings), load, 7, nullptr));
    return clusters.back();
  }
  static net::Task<void> note(SlowWorld* world, std::shared_ptr<Cluster> cluster, std::int64_t deadline_ms) {
    world->why = co_await cluster->ready(deadline_ms);
    world->ready_at_ms = world->loop.now_ms();
  }
  void wait_for(const std::shared_ptr<Cluster>& cluster, std::int64_t deadline_ms) {
    net::spawn(note(this, cluster, deadline_ms));
  }
  SlowNames names{network};
  std::optional<std::string> why;
  std::int64_t ready_at_ms = 0;
};

TEST(Cluster, a_request_waits_for_a_name_no_longer_than_its_time) {
  SlowWorld world;
  auto cluster = world.cluster_of("orders", "others");
  const std::int64_t began_ms = world.loop.now_ms();
  world.wait_for(cluster, began_ms + 1500);
  world.loop.run_for(1600);
  EXPECT_EQ(world.ready_at_ms, began_ms + 1500);
  EXPECT_EQ(world.why, "no address is known yet");
  world.loop.run_for(60'000);
}

TEST(Cluster, the_first_address_is_enough_to_go_on) {
  SlowWorld world;
  world.network.set_host("orders", {at(0, "10.0.0.1")});
  auto cluster = world.cluster_of("orders", "others");
  const std::int64_t began_ms = world.loop.now_ms();
  world.wait_for(cluster, net::kNoDeadline);
  world.loop.run_for(3900);
  EXPECT_EQ(world.ready_at_ms, began_ms + 2000);
  EXPECT_EQ(world.why, std::nullopt);
}

TEST(Cluster, who_waits_for_a_name_goes_on_when_the_upstream_is_replaced) {
  SlowWorld world;
  world.network.set_host("others", {at(0, "10.0.0.1")});
  auto cluster = world.cluster_of("others", "10.0.0.2.x");
  world.wait_for(cluster, net::kNoDeadline);
  world.loop.run_for(1000);
  cluster->stop();
  world.loop.run_for(60'000);
  EXPECT_NE(world.ready_at_ms, 0);
  EXPECT_EQ(world.why, std::nullopt);
}

}  // namespace
}  // namespace caponier::upstream
