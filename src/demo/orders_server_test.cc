#include "demo/orders_server.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "demo/order.h"
#include "net/test_net.h"

namespace caponier::demo {
namespace {

const net::Address kAddress = *net::parse_address("127.0.0.1", 9000);

struct Client {
  std::string received;
  bool ended = false;
};

net::Task<void> converse(net::Network& network, std::string send, Client& client) {
  auto stream = co_await network.connect(kAddress, network.loop().now_ms() + 1000);
  if (!stream) co_return;
  // A server that refuses may end the connection before it has read everything.
  static_cast<void>(co_await (*stream)->write(send, {}, net::kNoDeadline));
  std::string into(4096, '\0');
  while (true) {
    const auto result = co_await (*stream)->read(into.data(), into.size(), net::kNoDeadline);
    if (!result.ok()) break;
    client.received.append(into, 0, result.bytes);
  }
  client.ended = true;
}

// What comes back for `send` on one connection, until the server ends it.
std::string answers(const std::string& send, const net::SimFaults& faults = {}, std::uint64_t seed = 1) {
  net::SimLoop loop;
  net::SimNetwork network(loop, seed, faults);
  OrdersServer server(std::move(*network.listen(kAddress)));
  server.start();
  Client client;
  net::spawn(converse(network, send, client));
  EXPECT_TRUE(loop.run_until([&client] { return client.ended; }));
  server.close();
  loop.run_for(10);
  return client.received;
}

std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: orders\r\n" + more + "\r\n";
}
std::string post(const std::string& body, const std::string& more = "") {
  return "POST /customers/alice/orders HTTP/1.1\r\nHost: orders\r\nContent-Type: application/json\r\n" +
         more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
const std::string kClose = "Connection: close\r\n";
const std::string kOrder = R"({"items":[{"product_id":7,"quantity":2}],"delivery":"pickup"})";

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST(OrdersServer, a_request_is_answered_and_the_connection_ends_when_asked) {
  const std::string answer = answers(get("/catalog/1", kClose));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with(R"({"id":1,"name":"House espresso, whole beans, 250 g","price_cents":790})"));
}

TEST(OrdersServer, pipelined_requests_are_answered_in_order_on_one_connection) {
  const std::string answer = answers(get("/catalog/1") + post(kOrder) + get("/customers/alice/orders/1007") +
                                     get("/nothing", kClose));
  EXPECT_EQ(count(answer, "HTTP/1.1 200 OK"), 2U);
  EXPECT_EQ(count(answer, "HTTP/1.1 201 Created"), 1U);
  EXPECT_EQ(count(answer, "Location: /customers/alice/orders/1007\r\n"), 1U);
  EXPECT_EQ(count(answer, "HTTP/1.1 404 Not Found"), 1U);
}

TEST(OrdersServer, bytes_that_come_one_by_one_make_no_difference) {
  const std::string send = "PUT /customers/alice/orders/1001 HTTP/1.1\r\nHost: orders\r\nContent-Length: " +
                           std::to_string(kOrder.size()) + "\r\n\r\n" + kOrder +
                           get("/customers/alice/orders/1001", kClose);
  const std::string whole = answers(send);
  EXPECT_EQ(answers(send, {.byte_by_byte = true}), whole);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(answers(send, {.fragment_reads = true, .fragment_writes = true, .delay_ms_max = 5}, seed),
              whole)
        << seed;
  }
}

TEST(OrdersServer, a_chunked_body_is_read) {
  const std::string answer = answers(
      "POST /customers/alice/orders HTTP/1.1\r\nHost: orders\r\nTransfer-Encoding: chunked\r\n" + kClose +
      "\r\n" + "A\r\n" + kOrder.substr(0, 10) + "\r\n33\r\n" + kOrder.substr(10) + "\r\n0\r\n\r\n");
  ASSERT_EQ(kOrder.size() - 10, 0x33U);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 201 Created\r\n")) << answer;
}

TEST(OrdersServer, an_expectation_is_met_before_the_body_is_read) {
  const std::string answer = answers(post(kOrder, "Expect: 100-continue\r\n" + kClose));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n")) << answer;
}

TEST(OrdersServer, a_deletion_is_answered_without_body_and_length) {
  const std::string answer =
      answers("DELETE /customers/alice/orders/1003 HTTP/1.1\r\nHost: orders\r\n" + kClose + "\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 204 No Content\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
  EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
}

TEST(OrdersServer, head_gets_no_body) {
  const std::string answer = answers("HEAD /catalog HTTP/1.1\r\nHost: orders\r\n" + kClose + "\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 Method Not Allowed\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(OrdersServer, a_body_at_the_bound_is_read_and_one_past_it_is_refused) {
  for (const std::size_t size : {kBodyBytesMax, kBodyBytesMax + 1}) {
    const std::string padded = kOrder + std::string(size - kOrder.size(), ' ');
    const std::string expected = size == kBodyBytesMax ? "HTTP/1.1 201 " : "HTTP/1.1 413 ";
    EXPECT_TRUE(answers(post(padded, kClose)).starts_with(expected)) << size;
    char length[20];
    std::snprintf(length, sizeof length, "%zx\r\n", size);
    const std::string chunked =
        "POST /customers/alice/orders HTTP/1.1\r\nHost: orders\r\nTransfer-Encoding: chunked\r\n" + kClose +
        "\r\n" + length + padded + "\r\n0\r\n\r\n";
    EXPECT_TRUE(answers(chunked).starts_with(expected)) << size;
  }
}

TEST(OrdersServer, what_is_no_http_is_answered_once_and_the_connection_ends) {
  const std::string answer = answers("GET /catalog HTTP/1.1\nHost: orders\n\n" + get("/catalog"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
  EXPECT_EQ(count(answer, "HTTP/1.1 "), 1U);
}

TEST(OrdersServer, a_connection_that_says_nothing_is_ended) {
  EXPECT_EQ(answers(""), "");
  EXPECT_EQ(answers("GET /cat"), "");
}

TEST(OrdersServer, close_ends_the_connections_that_wait) {
  net::SimLoop loop;
  net::SimNetwork network(loop, 1);
  Client client;
  {
    OrdersServer server(std::move(*network.listen(kAddress)));
    server.start();
    EXPECT_EQ(server.address(), kAddress);
    net::spawn(converse(network, get("/catalog/1"), client));
    EXPECT_TRUE(loop.run_until([&client] { return !client.received.empty(); }, 1000));
    EXPECT_FALSE(client.ended);
  }
  EXPECT_TRUE(loop.run_until([&client] { return client.ended; }, 1000));
  EXPECT_FALSE((*network.listen(kAddress))->address().host_text().empty()) << "the port is free again";
}

}  // namespace
}  // namespace caponier::demo
