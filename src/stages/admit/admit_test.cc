#include "stages/admit/admit.h"

#include <gtest/gtest.h>

#include "stages/admit/guessing.h"
#include "stages/test_world.h"

namespace caponier::stages {
namespace {

Peer at(std::array<std::uint8_t, 16> address) {
  Peer peer;
  peer.address = address;
  return peer;
}

TEST(Admit, the_request_budget_holds_at_the_limit_and_refuses_one_past_it) {
  World world;
  Request request(world, "GET /v1/public HTTP/1.1\r\n");
  for (std::uint32_t i = 0; i < world.plan->limits.connections.requests_per_address_burst; ++i) {
    ASSERT_TRUE(admit(world.state, request.exchange));
  }
  auto verdict = admit(world.state, request.exchange);
  ASSERT_NE(verdict.denial(), nullptr);
  EXPECT_EQ(verdict.denial()->reason, Reason::kTooManyRequestsAddress);
  EXPECT_EQ(verdict.denial()->retry_after_s, 1);
  EXPECT_EQ(verdict.denial()->stage, "admit");
}

TEST(Admit, an_address_that_failed_too_often_is_refused_before_anything_is_verified) {
  World world;
  Request request(world, "GET /v1/public HTTP/1.1\r\n");
  const std::uint32_t burst = world.plan->limits.connections.failed_authentications_per_address_burst;
  for (std::uint32_t i = 0; i < burst; ++i) {
    ASSERT_TRUE(admit(world.state, request.exchange));
    Denial unnamed = deny(Reason::kTokenExpired, "authenticate");
    note_failed_authentication(world.state, request.exchange, unnamed);
    EXPECT_EQ(unnamed.reason, Reason::kTokenExpired);
  }
  auto verdict = admit(world.state, request.exchange);
  ASSERT_NE(verdict.denial(), nullptr);
  EXPECT_EQ(verdict.denial()->reason, Reason::kTooManyFailures);
  EXPECT_EQ(verdict.denial()->retry_after_s, 2);
  request.exchange.now.steady_us += 2'000'000;
  EXPECT_TRUE(admit(world.state, request.exchange));
}

TEST(Admit, looking_at_the_failure_budget_charges_nothing) {
  World world;
  Request request(world, "GET /v1/public HTTP/1.1\r\n");
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(admit(world.state, request.exchange));
}

TEST(Admit, connections_have_a_budget_of_their_own) {
  World world;
  const Peer peer = test_peer();
  const Now now{kNowS * 1000, 1'000'000};
  const ConnectionLimits& limits = world.plan->limits.connections;
  for (std::uint32_t i = 0; i < limits.new_per_address_burst; ++i) {
    ASSERT_FALSE(admit_connection(world.state, world.plan->limits, peer, now));
  }
  const auto denial = admit_connection(world.state, world.plan->limits, peer, now);
  ASSERT_TRUE(denial);
  EXPECT_EQ(denial->reason, Reason::kConnectionRefused);
  EXPECT_FALSE(admit_connection(world.state, world.plan->limits,
                                at({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 2}), now));
}

TEST(Admit, rotating_through_an_ipv6_network_is_one_address) {
  const Peer one = at({0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1});
  const Peer same_network = at({0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9});
  const Peer other_network = at({0x20, 1, 0xd, 0xb8, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1});
  EXPECT_EQ(one.limit_key(), same_network.limit_key());
  EXPECT_NE(one.limit_key(), other_network.limit_key());
}

TEST(Admit, ipv4_addresses_are_told_apart_whole) {
  const Peer one = at({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1});
  const Peer two = at({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 2});
  EXPECT_NE(one.limit_key(), two.limit_key());
}

TEST(Admit, dns_rebinding_ends_at_the_host_list) {
  World world;
  struct Case {
    std::string_view host;
    bool allowed;
  };
  for (const Case& c :
       {Case{"api.example.com", true}, Case{"API.Example.COM:8443", true}, Case{"[::1]:8443", true},
        Case{"[::1]", true}, Case{"evil.example", false}, Case{"api.example.com.evil.example", false},
        Case{"xapi.example.com", false}, Case{"[::2]", false}}) {
    Request request(world, "GET /v1/public HTTP/1.1\r\n", c.host);
    auto verdict = admit(world.state, request.exchange);
    EXPECT_EQ(static_cast<bool>(verdict), c.allowed) << c.host;
    if (!c.allowed) {
      EXPECT_EQ(verdict.denial()->reason, Reason::kHostNotAllowed) << c.host;
    }
  }
}

}  // namespace
}  // namespace caponier::stages
