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
    clusters.push_back(std::make_shared<Cluster>(network, blocks, std::move(settings), limits, load, 7,
                                                 [this](std::string_view text) { said.emplace_back(text); }));
    clusters.back()->start();
    return clusters.back();
  }
  static net::Task<void> wait(std::shared_ptr<Cluster> cluster, std::optional<std::string>* why, bool* done) {
    *why = co_await cluster->ready();
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
  Limits limits;
  Load load;
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
  EXPECT_EQ(cluster->endpoints(), 2U);
  Visit old;
  ASSERT_TRUE(old.enter(*cluster));
  Endpoint* endpoint = old.next();
  world.network.set_host("orders", {at(0, "10.0.0.3")});
  world.loop.run_for(5100);
  EXPECT_EQ(cluster->endpoints(), 1U);
  EXPECT_TRUE(endpoint->retired) << "lives as long as its exchange";
  Visit fresh;
  ASSERT_TRUE(fresh.enter(*cluster));
  EXPECT_EQ(fresh.next()->address().host_text(), "10.0.0.3");
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

}  // namespace
}  // namespace caponier::upstream
