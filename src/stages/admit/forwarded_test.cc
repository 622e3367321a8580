#include "stages/admit/forwarded.h"

#include <gtest/gtest.h>

#include <string>

#include "stages/admit/admit.h"
#include "stages/test_world.h"

namespace caponier::stages {
namespace {

config::ListenerRules rules_for(config::ForwardedHeader header) {
  config::ListenerRules rules;
  for (const char* range : {"192.0.2.0/24", "2001:db8:5::/48"}) {
    rules.trusted_proxies.push_back(*parse_address_range(range));
  }
  rules.forwarded_header = header;
  return rules;
}

// Who asks, by the word of 192.0.2.1; "unreadable" if nobody knows.
std::string client_by(config::ForwardedHeader header, const std::string& lines) {
  static const World world;
  const config::ListenerRules rules = rules_for(header);
  Request request(world, "GET /v1/public HTTP/1.1\r\n" + lines);
  request.peer.rules = &rules;
  const auto denied = believe_proxies(world.state, request.exchange);
  if (!denied) return request.exchange.peer->text;
  EXPECT_EQ(denied->reason, Reason::kForwardedUnreadable);
  return "unreadable";
}

struct Case {
  std::string lines;
  std::string client;
};

TEST(BelieveProxies, x_forwarded_for_is_read_from_the_right) {
  for (const Case& c :
       {Case{"", "192.0.2.1"}, Case{"X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"},
        Case{"X-Forwarded-For: 10.0.0.1, 203.0.113.9\r\n", "203.0.113.9"},
        Case{"X-Forwarded-For: 10.0.0.1, 203.0.113.9, 192.0.2.44\r\n", "203.0.113.9"},
        Case{"X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"},
        Case{"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 192.0.2.44\r\n", "203.0.113.9"},
        Case{"X-Forwarded-For: 203.0.113.9:4711\r\n", "203.0.113.9"},
        Case{"X-Forwarded-For: 2001:db8::9\r\n", "2001:db8::9"},
        Case{"X-Forwarded-For: [2001:db8::9]:4711, 2001:db8:5::1\r\n", "2001:db8::9"},
        Case{"X-Forwarded-For: [2001:db8::9]\r\n", "2001:db8::9"},
        Case{"X-Forwarded-For: ::ffff:203.0.113.9\r\n", "203.0.113.9"},
        Case{"X-Forwarded-For: 192.0.2.7, 192.0.2.8\r\n", "192.0.2.7"},
        Case{"X-Forwarded-For: nonsense, <script>, 203.0.113.9\r\n", "203.0.113.9"},
        Case{"X_Forwarded_For: 203.0.113.9\r\nX-Real-IP: 203.0.113.9\r\nX-Forwarded: 203.0.113.9\r\n",
             "192.0.2.1"},
        Case{"Forwarded: for=203.0.113.9\r\n", "192.0.2.1"}}) {
    EXPECT_EQ(client_by(config::ForwardedHeader::kXForwardedFor, c.lines), c.client) << c.lines;
  }
}

// A client of a proxy must not pass for the proxy.
TEST(BelieveProxies, a_proxys_certificate_is_not_that_of_whom_it_names) {
  const World world;
  const config::ListenerRules rules = rules_for(config::ForwardedHeader::kXForwardedFor);
  for (const auto& [lines, shown] : {std::pair("", true),
                                     {"X-Forwarded-For: 192.0.2.7\r\n", false},
                                     {"X-Forwarded-For: 203.0.113.9\r\n", false}}) {
    Request request(world, "GET /v1/public HTTP/1.1\r\n" + std::string(lines));
    request.peer.rules = &rules;
    request.peer.client = std::make_shared<const CertificateNames>();
    ASSERT_FALSE(believe_proxies(world.state, request.exchange));
    EXPECT_EQ(request.exchange.peer->client != nullptr, shown) << lines;
  }
}

TEST(BelieveProxies, what_is_no_address_where_one_must_be_is_refused) {
  for (const char* value :
       {"unknown", "203.0.113.9, unknown", "203.0.113.9, ", ",", "203.0.113", "203.0.113.9:99999",
        "203.0.113.9:", "[2001:db8::9", "[203.0.113.9]", "[2001:db8::9]4711", "2001:db8::9%eth0",
        "example.com", "203.0.113.9 192.0.2.7", "nonsense, 192.0.2.7"}) {
    EXPECT_EQ(
        client_by(config::ForwardedHeader::kXForwardedFor, std::string("X-Forwarded-For: ") + value + "\r\n"),
        "unreadable")
        << value;
  }
}

TEST(BelieveProxies, thirty_two_hops_are_read_and_not_one_more) {
  std::string hops = "X-Forwarded-For: 203.0.113.9";
  for (int i = 1; i < 32; ++i) hops += ",192.0.2.7";
  EXPECT_EQ(client_by(config::ForwardedHeader::kXForwardedFor, hops + "\r\n"), "203.0.113.9");
  EXPECT_EQ(client_by(config::ForwardedHeader::kXForwardedFor, hops + ",192.0.2.7\r\n"), "unreadable");
}

TEST(BelieveProxies, forwarded_is_read_from_the_right) {
  for (const Case& c :
       {Case{"Forwarded: for=203.0.113.9\r\n", "203.0.113.9"},
        Case{"Forwarded: For=\"203.0.113.9:80\";proto=https;by=10.0.0.1\r\n", "203.0.113.9"},
        Case{"Forwarded: proto=http;for=10.0.0.1 , for=\"[2001:db8::9]:4711\"; host=a\r\n", "2001:db8::9"},
        Case{"Forwarded: for=203.0.113.9, for=192.0.2.44\r\n", "203.0.113.9"},
        Case{"Forwarded: for=10.0.0.1\r\nForwarded: for=203.0.113.9\r\n", "203.0.113.9"},
        Case{"Forwarded: for=_hidden, for=203.0.113.9\r\n", "203.0.113.9"},
        Case{"Forwarded: host=\"a,for=10.0.0.1;b\\\"\";for=203.0.113.9\r\n", "203.0.113.9"},
        Case{"X-Forwarded-For: 203.0.113.9\r\n", "192.0.2.1"},
        Case{"Forwarded: for=unknown\r\n", "unreadable"}, Case{"Forwarded: for=_hidden\r\n", "unreadable"},
        Case{"Forwarded: proto=https\r\n", "unreadable"},
        Case{"Forwarded: for=\"203.0.113.9\r\n", "unreadable"},
        Case{"Forwarded: for=\"a, for=203.0.113.9\r\n", "unreadable"},
        Case{"Forwarded: for=10.0.0.1;for=203.0.113.9\r\n", "unreadable"},
        Case{"Forwarded: for=\"203.0.113.9\"x\r\n", "unreadable"}, Case{"Forwarded: for\r\n", "unreadable"},
        Case{"Forwarded: for=203.0.113.9,\r\n", "unreadable"}}) {
    EXPECT_EQ(client_by(config::ForwardedHeader::kForwarded, c.lines), c.client) << c.lines;
  }
}

TEST(BelieveProxies, a_peer_that_is_not_listed_is_not_believed) {
  const World world;
  const config::ListenerRules rules = rules_for(config::ForwardedHeader::kXForwardedFor);
  Request request(world, "GET /v1/public HTTP/1.1\r\nX-Forwarded-For: 203.0.113.9\r\n");
  request.peer.rules = &rules;
  request.peer.address[15] = 1;
  request.peer.address[14] = 3;
  request.peer.text = "192.0.3.1";
  EXPECT_FALSE(believe_proxies(world.state, request.exchange));
  EXPECT_EQ(request.exchange.peer->text, "192.0.3.1");
}

TEST(BelieveProxies, budgets_are_those_of_the_client_and_not_of_its_proxy) {
  const World world;
  const config::ListenerRules rules = rules_for(config::ForwardedHeader::kXForwardedFor);
  const auto ask = [&](const std::string& client) {
    Request request(world, "GET /v1/public HTTP/1.1\r\nX-Forwarded-For: " + client + "\r\n");
    request.peer.rules = &rules;
    auto verdict = admit(world.state, request.exchange);
    return verdict ? Reason::kNone : verdict.denial()->reason;
  };
  const std::uint32_t burst = world.plan->limits.connections.requests_per_address_burst;
  for (std::uint32_t i = 0; i < burst; ++i) ASSERT_EQ(ask("203.0.113.9"), Reason::kNone);
  EXPECT_EQ(ask("203.0.113.9"), Reason::kTooManyRequestsAddress);
  EXPECT_EQ(ask("203.0.113.10"), Reason::kNone);
}

}  // namespace
}  // namespace caponier::stages
