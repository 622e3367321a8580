// X-Forwarded-For and Forwarded: believed from listed proxies alone, and only as far as they vouch for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

struct TrustedProxies : testing::Test {
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};

  [[nodiscard]] Options options(const std::string& rules, const std::string& more = {}) const {
    return {.contract = kContract,
            .upstream = upstream.url(),
            .config = "listeners: [{listen: 'http://127.0.0.1:0', " + rules + "}]\n" + more};
  }
  static Message get(const Gateway& gateway, const std::string& fields) {
    return gateway.ask(request_text("GET", "/open", fields));
  }
};

TEST_F(TrustedProxies, the_client_that_they_tell_of_is_the_peer_and_goes_upstream_alone) {
  Gateway gateway(options("trusted_proxies: [127.0.0.1, 10.0.0.0/8]"));
  ASSERT_TRUE(gateway.ready());
  EXPECT_EQ(get(gateway,
                "X-Forwarded-For: 198.51.100.1, 203.0.113.9, 10.1.2.3\r\nX-Forwarded-Proto: https\r\n"
                "Forwarded: for=198.51.100.2\r\n")
                .status(),
            200);
  EXPECT_EQ(gateway.wait_for_records(1).back()["peer"], "203.0.113.9");
  EXPECT_THAT(upstream.received(), HasSubstr("Forwarded: for=203.0.113.9;host=\"localhost\";proto=http\r\n"));
  EXPECT_THAT(upstream.received(), Not(HasSubstr("198.51.100")));
  EXPECT_THAT(upstream.received(), Not(HasSubstr("X-Forwarded")));
}

TEST_F(TrustedProxies, the_next_request_of_the_same_connection_may_be_another_clients) {
  Gateway gateway(options("trusted_proxies: [127.0.0.1]"));
  ASSERT_TRUE(gateway.ready());
  const Socket proxy = Socket::connect(gateway.port());
  MessageReader reader(proxy);
  for (const char* fields : {"X-Forwarded-For: 203.0.113.9\r\n", "X-Forwarded-For: 2001:db8::9\r\n", ""}) {
    ASSERT_TRUE(proxy.send(request_text("GET", "/open", fields)));
    ASSERT_TRUE(reader.read_answer());
  }
  std::vector<Record> records = gateway.wait_for_records(3);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0]["peer"], "203.0.113.9");
  EXPECT_EQ(records[1]["peer"], "2001:db8::9");
  EXPECT_EQ(records[2]["peer"], "127.0.0.1");
}

TEST_F(TrustedProxies, forwarded_is_read_where_it_is_asked_for_and_the_other_header_is_not) {
  Gateway gateway(options("trusted_proxies: [127.0.0.1], forwarded_header: forwarded"));
  ASSERT_TRUE(gateway.ready());
  EXPECT_EQ(get(gateway, "Forwarded: for=\"[2001:db8::9]:4711\";proto=https\r\nX-Forwarded-For: 10.0.0.1\r\n")
                .status(),
            200);
  EXPECT_EQ(gateway.wait_for_records(1).back()["peer"], "2001:db8::9");
}

TEST_F(TrustedProxies, an_address_that_is_none_is_refused) {
  Gateway gateway(options("trusted_proxies: [127.0.0.1]"));
  ASSERT_TRUE(gateway.ready());
  const Message refused = get(gateway, "X-Forwarded-For: 203.0.113.9, unknown\r\n");
  EXPECT_EQ(refused.status(), 400);
  EXPECT_EQ(gateway.record_of(refused)["reason"], "forwarded-unreadable");
  EXPECT_EQ(upstream.connections(), 0U);
}

TEST_F(TrustedProxies, who_is_not_listed_is_not_believed) {
  Gateway gateway(options("trusted_proxies: [192.0.2.1]"));
  ASSERT_TRUE(gateway.ready());
  EXPECT_EQ(get(gateway, "X-Forwarded-For: 203.0.113.9\r\n").status(), 200);
  EXPECT_EQ(gateway.wait_for_records(1).back()["peer"], "127.0.0.1");
  EXPECT_THAT(upstream.received(), HasSubstr("Forwarded: for=127.0.0.1;"));
}

TEST_F(TrustedProxies, budgets_of_an_address_are_the_clients) {
  Gateway gateway(
      options("trusted_proxies: [127.0.0.1]",
              "limits: {connections: {requests_per_address_per_second: 1, requests_per_address_burst: 1, "
              "per_address_max: 1}}\n"));
  ASSERT_TRUE(gateway.ready());
  // Ten connections of the proxy at once: the bound of one address is not for it.
  std::vector<Socket> proxies;
  for (int i = 0; i < 10; ++i) {
    proxies.push_back(Socket::connect(gateway.port()));
    const std::string field = "X-Forwarded-For: 203.0.113." + std::to_string(i) + "\r\n";
    ASSERT_TRUE(proxies.back().send(request_text("GET", "/open", field)));
    MessageReader reader(proxies.back());
    const auto answer = reader.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status(), 200);
  }
  EXPECT_EQ(get(gateway, "X-Forwarded-For: 203.0.113.3\r\n").status(), 429);
}

TEST_F(TrustedProxies, and_the_proxy_protocol_work_together) {
  Gateway gateway(options("proxy_protocol: [127.0.0.1], trusted_proxies: [192.0.2.7]"));
  ASSERT_TRUE(gateway.ready());
  const std::string request = request_text("GET", "/open", "X-Forwarded-For: 203.0.113.9\r\n");
  EXPECT_EQ(gateway.ask("PROXY TCP4 192.0.2.7 10.0.0.1 1 443\r\n" + request).status(), 200);
  EXPECT_EQ(gateway.wait_for_records(1).back()["peer"], "203.0.113.9");
  EXPECT_EQ(gateway.ask("PROXY TCP4 192.0.2.8 10.0.0.1 1 443\r\n" + request).status(), 200);
  EXPECT_EQ(gateway.wait_for_records(2).back()["peer"], "192.0.2.8");
}

TEST_F(TrustedProxies, a_reload_lists_others) {
  Gateway gateway(options("trusted_proxies: [192.0.2.1]"));
  ASSERT_TRUE(gateway.ready());
  gateway.folder().write("caponier.yaml",
                         "listeners: [{listen: 'http://127.0.0.1:0', trusted_proxies: [127.0.0.1]}]\n");
  EXPECT_TRUE(eventually([&] {
    const Message answer = get(gateway, "X-Forwarded-For: 203.0.113.9\r\n");
    return gateway.record_of(answer)["peer"] == "203.0.113.9";
  }));
}

}  // namespace
}  // namespace caponier::e2e
