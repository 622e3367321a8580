// gRPC calls pass over HTTP/2 on both sides: messages in both directions, trailers, and cancellation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "e2e/gateway.h"
#include "e2e/h2_peer.h"
#include "e2e/h2_side.h"
#include "e2e/upstream.h"
#include "http/test_h2.h"

namespace caponier::e2e {
namespace {

using namespace http::h2;

constexpr const char* kOrders = R"(openapi: 3.1.0
info: {title: Orders, version: "1"}
paths:
  /orders.Orders/Watch:
    post:
      operationId: watchOrders
      security: []
      x-caponier: {public: {reason: "an example"}}
      requestBody: {required: true, content: {application/grpc: {schema: {type: string, format: binary}}}}
      responses: {"200": {description: messages, content: {application/grpc: {schema: {type: string, format: binary}}}}}
)";

// Five bytes of length and flags before each message.
std::string message(std::string_view text) {
  return std::string(1, '\0') + u32(static_cast<std::uint32_t>(text.size())) + std::string(text);
}
std::string call(std::uint32_t stream) {
  return headers(
      stream,
      request_block({{"content-type", "application/grpc"}, {"te", "trailers"}, {"grpc-timeout", "9S"}},
                    "POST", "/orders.Orders/Watch"),
      false);
}
std::string answer_head(std::uint32_t stream) {
  return headers(stream, block({{":status", "200"}, {"content-type", "application/grpc"}}), false);
}
std::string status_trailers(std::uint32_t stream) {
  return headers(stream, block({{"grpc-status", "0"}, {"grpc-message", "fine"}}));
}

class Grpc : public testing::Test {
 protected:
  std::atomic<bool> go_ = false;  // for scripts, which may outlive a test's own variables
  Upstream upstream_{[](Peer&) {}};
  Gateway gateway_{{.contract = kOrders,
                    .upstream = "",
                    .config = "upstream: {url: \"" + upstream_.url() + "\", protocol: http2}\n",
                    .tls = true}};
};

TEST_F(Grpc, messages_go_both_ways_at_a_time_and_the_trailers_come_last) {
  upstream_.set_script([this](Peer& peer) {
    H2Side side(peer);
    if (!side.greet()) return;
    const std::uint32_t stream = side.next_head();
    const auto& fields = side.seen(stream).fields;
    go_ = fields.at("te") == "trailers" && fields.at("content-type") == "application/grpc" &&
          fields.at("grpc-timeout") == "9S" && !fields.contains("content-length");
    // Each message is answered before the next one comes.
    side.send(answer_head(stream));
    for (std::size_t count = 1; count <= 3; ++count) {
      if (!side.read_until([&] { return side.seen(stream).body.size() >= count * message("ping").size(); }))
        return;
      side.send(data(stream, message("pong")));
    }
    (void)side.read_until([&] { return side.seen(stream).ended; });
    side.send(status_trailers(stream));
    side.read_to_end();
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(call(1)));
  for (std::size_t count = 1; count <= 3; ++count) {
    ASSERT_TRUE(peer.send(data(1, message("ping"))));
    peer.read_until([&] { return peer.seen(1).body.size() >= count * message("pong").size(); });
  }
  EXPECT_FALSE(peer.seen(1).ended);
  ASSERT_TRUE(peer.send(data(1, "", true)));
  const H2Answer answer = peer.answer(1);
  EXPECT_TRUE(go_);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, message("pong") + message("pong") + message("pong"));
  EXPECT_EQ(answer.trailers.at("grpc-status"), "0");
  EXPECT_EQ(answer.trailers.at("grpc-message"), "fine");
  EXPECT_TRUE(answer.ended);
  EXPECT_FALSE(answer.reset);
  EXPECT_EQ(gateway_.wait_for_records(1).at(0).at("status"), "200");
}

TEST_F(Grpc, an_answer_of_trailers_only_passes) {
  upstream_.set_script(speaking_h2([](std::uint32_t stream, const H2Request&) {
    return headers(stream,
                   block({{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "12"}}));
  }));
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(call(1) + data(1, message("ping"), true)));
  const H2Answer answer = peer.answer(1);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("grpc-status"), "12");
  EXPECT_TRUE(answer.ended);
  EXPECT_TRUE(answer.body.empty());
}

TEST_F(Grpc, a_client_that_cancels_cancels_at_the_upstream) {
  upstream_.set_script([this](Peer& peer) {
    H2Side side(peer);
    if (!side.greet()) return;
    const std::uint32_t stream = side.next_head();
    side.send(answer_head(stream) + data(stream, message("pong")));
    (void)side.read_until([&] { return side.seen(stream).reset.has_value(); });
    go_ = side.seen(stream).reset == static_cast<std::uint32_t>(ErrorCode::kCancel);
    const std::uint32_t next = side.next_head();
    side.send(answer_head(next) + status_trailers(next));
    side.read_to_end();
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(call(1)));
  peer.read_until([&peer] { return !peer.seen(1).body.empty(); });
  std::string cancel;
  append_reset(cancel, 1, ErrorCode::kCancel);
  ASSERT_TRUE(peer.send(cancel + call(3)));
  EXPECT_EQ(peer.answer(3).trailers.at("grpc-status"), "0");
  EXPECT_TRUE(eventually([this] { return go_.load(); }));
  EXPECT_EQ(upstream_.connections(), 1U);
  EXPECT_EQ(gateway_.wait_for_records(1).at(0).at("reason"), "client-closed");
}

TEST_F(Grpc, a_call_whose_upstream_breaks_off_never_looks_whole) {
  upstream_.set_script([](Peer& peer) {
    H2Side side(peer);
    if (!side.greet()) return;
    const std::uint32_t stream = side.next_head();
    std::string reset;
    append_reset(reset, stream, ErrorCode::kInternalError);
    side.send(answer_head(stream) + data(stream, message("pong")) + reset);
    side.read_to_end();
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(call(1)));
  const H2Answer answer = peer.answer(1);
  EXPECT_TRUE(answer.reset);
  EXPECT_FALSE(answer.ended);
  EXPECT_EQ(answer.body, message("pong"));
}

TEST_F(Grpc, a_call_in_which_nobody_says_anything_is_over_though_either_side_could_go_on) {
  upstream_.set_script([](Peer& peer) {
    H2Side side(peer);
    if (!side.greet()) return;
    const std::uint32_t stream = side.next_head();
    side.send(answer_head(stream) + data(stream, message("pong")));
    side.read_to_end();
  });
  Gateway gateway({.contract = kOrders,
                   .upstream = "",
                   .config = "upstream: {url: \"" + upstream_.url() +
                             "\", protocol: http2}\ntimeouts: {stream_idle: 400ms}\n",
                   .tls = true});
  H2Peer peer(gateway.port());
  ASSERT_TRUE(peer.send(call(1)));
  const H2Answer answer = peer.answer(1);
  EXPECT_TRUE(answer.reset);
  EXPECT_EQ(answer.body, message("pong"));
  EXPECT_EQ(gateway.wait_for_records(1).at(0).at("reason"), "stream-idle");
}

}  // namespace
}  // namespace caponier::e2e
