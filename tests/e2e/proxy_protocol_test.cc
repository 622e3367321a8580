// The PROXY protocol: connections that a listed proxy passes on are those of the client that it names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/relay.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

constexpr const char* kBehindProxy =
    "listeners: [{listen: 'http://127.0.0.1:0', proxy_protocol: [127.0.0.1]}]\n";
constexpr const char* kLine = "PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\n";

std::string version_2(char command, const std::string& rest) {
  return "\r\n\r\n\0\r\nQUIT\n"s + command + '\x11' + '\0' + static_cast<char>(rest.size()) + rest;
}
const std::string kFour = "\xc0\x00\x02\x08\x0a\x00\x00\x01\x30\x39\x01\xbb"s;

struct ProxyProtocol : testing::Test {
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};

  [[nodiscard]] Options options(const std::string& config = kBehindProxy) const {
    return {.contract = kContract, .upstream = upstream.url(), .config = config};
  }
  static std::string reason_of_last(const Gateway& gateway) {
    std::vector<Record> records = gateway.wait_for_records(1);
    return records.empty() ? "none" : records.back()["reason"];
  }
};

TEST_F(ProxyProtocol, the_client_that_is_named_is_the_peer_everywhere) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready());
  EXPECT_EQ(gateway.ask(kLine + request_text("GET", "/open")).status(), 200);
  EXPECT_EQ(gateway.wait_for_records(1).back()["peer"], "192.0.2.7");
  EXPECT_THAT(upstream.received(), HasSubstr("Forwarded: for=192.0.2.7;"));
  EXPECT_EQ(gateway.ask(version_2('\x21', kFour) + request_text("GET", "/open")).status(), 200);
  EXPECT_EQ(gateway.wait_for_records(2).back()["peer"], "192.0.2.8");
  EXPECT_EQ(
      gateway.ask("PROXY TCP6 2001:db8::9 2001:db8::1 1 443\r\n" + request_text("GET", "/open")).status(),
      200);
  EXPECT_EQ(gateway.wait_for_records(3).back()["peer"], "2001:db8::9");
  EXPECT_THAT(upstream.received(), HasSubstr("Forwarded: for=\"[2001:db8::9]\";"));
}

TEST_F(ProxyProtocol, a_header_that_comes_byte_by_byte_is_the_same) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready());
  const Socket client = Socket::connect(gateway.port());
  for (const char byte : kLine + request_text("GET", "/open")) ASSERT_TRUE(client.send(std::string(1, byte)));
  MessageReader reader(client);
  const auto answer = reader.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status(), 200);
  EXPECT_EQ(gateway.wait_for_records(1).back()["peer"], "192.0.2.7");
}

TEST_F(ProxyProtocol, a_proxy_that_speaks_for_itself_is_the_peer) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready());
  for (const std::string& header : {version_2('\x20', ""), "PROXY UNKNOWN\r\n"s}) {
    EXPECT_EQ(gateway.ask(header + request_text("GET", "/open")).status(), 200);
  }
  EXPECT_EQ(gateway.wait_for_records(2).back()["peer"], "127.0.0.1");
}

TEST_F(ProxyProtocol, a_header_comes_before_tls) {
  Options with_tls = options();
  with_tls.tls = true;
  Gateway gateway(with_tls);
  ASSERT_TRUE(gateway.ready());
  for (const std::string& header : {std::string(kLine), version_2('\x21', kFour + "\x04\x00\x03xyz"s)}) {
    const Relay relay(gateway.port(), header);
    for (const char* version : {"--http1.1", "--http2"}) {
      const CurlResult got = curl({"--cacert", gateway.ca_file(), version,
                                   "https://127.0.0.1:" + std::to_string(relay.port()) + "/open"});
      EXPECT_THAT(got.answer.start_line, HasSubstr(" 200")) << version;
    }
  }
  EXPECT_EQ(gateway.wait_for_records(4).back()["peer"], "192.0.2.8");
  EXPECT_EQ(gateway.records().front()["peer"], "192.0.2.7");
}

TEST_F(ProxyProtocol, what_is_no_header_closes_the_connection_and_is_recorded) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready());
  std::size_t count = 0;
  for (const std::string& bytes :
       {request_text("GET", "/open"), "PROXY TCP4 192.0.2.7 10.0.0.1 1\r\n"s + request_text("GET", "/open"),
        "PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\n"s, version_2('\x21', "short"), version_2('\x22', kFour),
        "PROXY "s + std::string(200, 'x'), "\x16\x03\x01\x02"s}) {
    EXPECT_EQ(gateway.ask(bytes).status(), 0);
    ASSERT_EQ(gateway.wait_for_records(++count).size(), count);
    EXPECT_EQ(gateway.records().back()["reason"], "proxy-header-invalid");
    EXPECT_EQ(gateway.records().back()["type"], "refused");
    EXPECT_FALSE(gateway.records().back()["detail"].empty());
  }
  EXPECT_EQ(upstream.connections(), 0U);
}

TEST_F(ProxyProtocol, a_header_must_come_within_the_time_for_the_handshake) {
  Gateway gateway(options(std::string(kBehindProxy) + "timeouts: {handshake: 150ms}\n"));
  ASSERT_TRUE(gateway.ready());
  const Socket client = Socket::connect(gateway.port());
  ASSERT_TRUE(client.send("PROXY TCP4 192"));
  std::string nothing;
  EXPECT_FALSE(client.receive(nothing));
  EXPECT_THAT(gateway.wait_for_records(1).back()["detail"], HasSubstr("did not come in time"));
}

TEST_F(ProxyProtocol, the_bound_of_version_2_is_configured) {
  Gateway gateway(options(std::string(kBehindProxy) + "limits: {http: {proxy_header_bytes_max: 232}}\n"));
  ASSERT_TRUE(gateway.ready());
  const auto padded = [](std::size_t whole) {
    const std::size_t field = whole - 16 - kFour.size() - 3;
    return version_2('\x21', kFour + "\x04"s + '\0' + static_cast<char>(field) + std::string(field, 'x'));
  };
  EXPECT_EQ(gateway.ask(padded(232) + request_text("GET", "/open")).status(), 200);
  EXPECT_EQ(gateway.ask(padded(233) + request_text("GET", "/open")).status(), 0);
  EXPECT_THAT(gateway.wait_for_records(2).back()["detail"], HasSubstr("longer than its bound"));
}

TEST_F(ProxyProtocol, a_peer_that_is_not_listed_is_refused) {
  Gateway gateway(options("listeners: [{listen: 'http://127.0.0.1:0', proxy_protocol: [192.0.2.0/24]}]\n"));
  ASSERT_TRUE(gateway.ready());
  EXPECT_EQ(gateway.ask(kLine + request_text("GET", "/open")).status(), 0);
  EXPECT_EQ(reason_of_last(gateway), "proxy-not-listed");
}

TEST_F(ProxyProtocol, connections_are_counted_by_the_client_and_not_by_its_proxy) {
  Gateway gateway(options(std::string(kBehindProxy) + "limits: {connections: {per_address_max: 1}}\n"));
  ASSERT_TRUE(gateway.ready());
  const Socket first = Socket::connect(gateway.port());
  ASSERT_TRUE(first.send(kLine + request_text("GET", "/open")));
  MessageReader reader(first);
  ASSERT_TRUE(reader.read_answer());
  EXPECT_EQ(gateway.ask(kLine + request_text("GET", "/open")).status(), 0);
  EXPECT_EQ(gateway.wait_for_records(2).back()["reason"], "connection-refused");
  EXPECT_EQ(gateway.ask(version_2('\x21', kFour) + request_text("GET", "/open")).status(), 200);
}

TEST_F(ProxyProtocol, who_may_speak_for_others_must_be_said_well) {
  struct Case {
    std::string listener;
    std::string says;
  };
  for (const Case& c :
       {Case{"proxy_protocol: [0.0.0.0/0]", "everybody"}, Case{"proxy_protocol: []", "from 1 to 1000"},
        Case{"proxy_protocol: ['10.0.0.1/8']", "bits are set behind the first 8"},
        Case{"proxy_protocol: [loadbalancer]", "does not begin with an IPv4 or IPv6 address"},
        Case{"proxy_protocol: ['::/0']", "everybody"},
        Case{"surface: admin, proxy_protocol: [127.0.0.1]", "means nothing on the admin surface"}}) {
    const TestFolder folder;
    const Finished check = run_caponier(
        {"check", "--dev", "--contract", folder.write("api.yaml", kContract), "--upstream",
         "http://127.0.0.1:1", "--config",
         folder.write("caponier.yaml", "listeners: [{listen: 'http://127.0.0.1:0', " + c.listener + "}]\n")});
    EXPECT_EQ(check.status, 2) << c.listener;
    EXPECT_THAT(check.err, HasSubstr("caponier.yaml:1:")) << c.listener;
    EXPECT_THAT(check.err, HasSubstr(c.says)) << c.listener;
  }
}

}  // namespace
}  // namespace caponier::e2e
