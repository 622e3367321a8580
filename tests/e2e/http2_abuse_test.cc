// Attacks on HTTP/2, each by its name: what smuggles, and what costs us more than its sender.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include <string>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/h2_peer.h"
#include "e2e/upstream.h"
#include "http/test_h2.h"

namespace caponier::e2e {
namespace {

using namespace http::h2;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kLimits = R"(limits:
  http2:
    streams_max: 4
    broken_streams_max: 5
    settings_max: 5
    pings_max: 5
    priorities_max: 5
    empty_frames_max: 5
    small_windows_max: 5
    continuations_max: 3
timeouts: {write_progress: 400ms, body_progress: 400ms, head: 700ms}
)";

std::uint32_t code(ErrorCode error) {
  return static_cast<std::uint32_t>(error);
}

std::string get(std::uint32_t stream, std::string_view path = "/open") {
  return headers(stream, request_block({}, "GET", path));
}

class Http2Abuse : public testing::Test {
 protected:
  // Sends `each` as often as allowed, and sees that the connection lives; then once more, and sees it end
  // with one record that says why.
  void expect_bound(const std::string& each, int most, std::string_view reason,
                    const std::string& before = {}) {
    {
      H2Peer peer(gateway_.port());
      peer.set_polite(false);
      std::string bytes = before;
      for (int i = 0; i < most; ++i) bytes += each;
      ASSERT_TRUE(peer.send(bytes + get(101)));
      EXPECT_EQ(peer.answer(101).status, 200) << reason;
    }
    H2Peer peer(gateway_.port());
    peer.set_polite(false);
    std::string bytes = before;
    for (int i = 0; i <= most; ++i) bytes += each;
    ASSERT_TRUE(peer.send(bytes));
    peer.read_to_end();
    EXPECT_EQ(peer.went_away(), code(ErrorCode::kEnhanceYourCalm)) << reason;
    EXPECT_EQ(count(reason), 1) << gateway_.log();
  }
  // Records with that reason, once one has come.
  int count(std::string_view reason) {
    int found = 0;
    (void)eventually([&] {
      found = 0;
      for (const Record& record : gateway_.records())
        found += record.contains("reason") && record.at("reason") == reason;
      return found > 0;
    });
    return found;
  }
  // What the gateway does with one request; nothing of it may reach the upstream.
  H2Answer refused(const std::string& bytes) {
    H2Peer peer(gateway_.port());
    EXPECT_TRUE(peer.send(bytes));
    peer.read_until([&peer] { return peer.seen(1).reset || peer.went_away(); });
    // One more on the same connection, to see that it goes on and that the upstream has seen nothing else.
    EXPECT_TRUE(peer.send(get(3, "/open?q=next")));
    EXPECT_EQ(peer.answer(3).status, 200);
    for (const Message& request : upstream_.requests())
      EXPECT_EQ(request.start_line, "GET /open?q=next HTTP/1.1");
    return peer.seen(1);
  }
  std::atomic<bool> refused_ = false;  // outlives the upstream, whose script looks at it
  Upstream upstream_{echoing()};
  Gateway gateway_{{.contract = kContract, .upstream = upstream_.url(), .config = kLimits, .tls = true}};
};

TEST_F(Http2Abuse, h2_te_smuggling_is_refused) {
  const H2Answer answer = refused(
      headers(1,
              request_block({{"content-type", "application/octet-stream"}, {"transfer-encoding", "chunked"}},
                            "POST", "/bytes"),
              false) +
      data(1, "0\r\n\r\nGET /open?q=smuggled HTTP/1.1\r\nHost: x\r\n\r\n", true));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.reset, code(ErrorCode::kProtocolError));
  EXPECT_EQ(count("bad-request-syntax"), 1);
}

TEST_F(Http2Abuse, h2_cl_smuggling_is_refused) {
  for (const char* length : {"0", "3"}) {
    H2Peer peer(gateway_.port());
    ASSERT_TRUE(peer.send(
        headers(1,
                request_block({{"content-type", "application/octet-stream"}, {"content-length", length}},
                              "POST", "/bytes"),
                false) +
        data(1, "abcGET /open?q=smuggled HTTP/1.1\r\nHost: x\r\n\r\n", true)));
    peer.read_until([&peer] { return peer.seen(1).reset.has_value(); });
    EXPECT_EQ(peer.seen(1).reset, code(ErrorCode::kProtocolError));
    EXPECT_NE(peer.seen(1).status, 200);
  }
  EXPECT_THAT(upstream_.received(), Not(HasSubstr("smuggled")));
}

TEST_F(Http2Abuse, a_body_shorter_than_announced_is_refused) {
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(
      peer.send(headers(1,
                        request_block({{"content-type", "application/octet-stream"}, {"content-length", "5"}},
                                      "POST", "/bytes"),
                        false) +
                data(1, "abc", true)));
  peer.read_until([&peer] { return peer.seen(1).reset.has_value(); });
  EXPECT_EQ(peer.seen(1).reset, code(ErrorCode::kProtocolError));
  EXPECT_NE(peer.seen(1).status, 200);
}

TEST_F(Http2Abuse, header_injection_is_refused) {
  EXPECT_EQ(
      refused(headers(1, request_block({{"x", "a\r\nTransfer-Encoding: chunked"}}, "GET", "/open?q=bad")))
          .status,
      400);
  EXPECT_EQ(refused(headers(1, request_block({{"x\r\ny", "a"}}, "GET", "/open?q=bad"))).status, 400);
  EXPECT_EQ(refused(headers(1, request_block({}, "GET", "/open HTTP/1.1\r\nX: y"))).status, 400);
  EXPECT_EQ(refused(headers(1, request_block({{"UPPER", "a"}}, "GET", "/open?q=bad"))).status, 400);
}

TEST_F(Http2Abuse, authority_mismatch_is_refused) {
  EXPECT_EQ(refused(headers(1, request_block({{"host", "other.test"}}, "GET", "/open?q=bad"))).status, 400);
}

TEST_F(Http2Abuse, connect_is_refused) {
  EXPECT_EQ(refused(headers(1, block({{":method", "CONNECT"}, {":authority", "other.test:443"}}))).status,
            400);
}

TEST_F(Http2Abuse, rapid_reset_ends_the_connection) {
  H2Peer peer(gateway_.port());
  std::string bytes;
  for (std::uint32_t stream = 1; stream <= 11; stream += 2)
    bytes += get(stream, "/open?q=reset") + frame(FrameType::kResetStream, 0, stream, u32(8));
  ASSERT_TRUE(peer.send(bytes));
  peer.read_to_end();
  EXPECT_EQ(peer.went_away(), code(ErrorCode::kEnhanceYourCalm));
  EXPECT_EQ(count("http2-rapid-reset"), 1);
}

TEST_F(Http2Abuse, streams_that_we_are_made_to_reset_count_as_well) {
  H2Peer peer(gateway_.port());
  std::string bytes;
  for (std::uint32_t stream = 1; stream <= 11; stream += 2)
    bytes += get(stream) + frame(FrameType::kWindowUpdate, 0, stream, u32(0));
  ASSERT_TRUE(peer.send(bytes));
  peer.read_to_end();
  EXPECT_EQ(peer.went_away(), code(ErrorCode::kEnhanceYourCalm));
  EXPECT_EQ(count("http2-rapid-reset"), 1);
}

TEST_F(Http2Abuse, streams_over_the_number_announced_are_refused) {
  upstream_.set_script([](Peer& peer) {
    (void)peer.read_request();
    (void)peer.read_request();
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(get(1) + get(3) + get(5) + get(7) + get(9)));
  EXPECT_EQ(peer.answer(9).reset, code(ErrorCode::kRefusedStream));
  EXPECT_EQ(peer.settings().at(static_cast<int>(SettingId::kMaxConcurrentStreams)), 4U);
  for (const std::uint32_t stream : {1U, 3U, 5U, 7U}) EXPECT_FALSE(peer.seen(stream).reset) << stream;
}

TEST_F(Http2Abuse, ping_flood_ends_the_connection) {
  expect_bound(frame(FrameType::kPing, 0, 0, "12345678"), 5, "http2-ping-flood");
}

TEST_F(Http2Abuse, settings_flood_ends_the_connection) {
  // The greeting has one.
  expect_bound(frame(FrameType::kSettings, 0, 0), 4, "http2-settings-flood");
}

TEST_F(Http2Abuse, priority_flood_ends_the_connection) {
  expect_bound(frame(FrameType::kPriority, 0, 7, u32(0) + "\x10"), 5, "http2-priority-flood");
}

TEST_F(Http2Abuse, empty_frames_flood_ends_the_connection) {
  expect_bound(frame(static_cast<FrameType>(0x42), 0, 0, "?"), 5, "http2-empty-frames");
  const std::string post =
      headers(1, request_block({{"content-type", "application/octet-stream"}}, "POST", "/bytes"), false);
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(
      peer.send(post + data(1, "") + data(1, "") + data(1, "") + data(1, "") + data(1, "") + data(1, "")));
  peer.read_to_end();
  EXPECT_EQ(peer.went_away(), code(ErrorCode::kEnhanceYourCalm));
}

TEST_F(Http2Abuse, window_games_end_the_connection) {
  expect_bound(frame(FrameType::kWindowUpdate, 0, 0, u32(1)), 5, "http2-window-flood");
}

TEST_F(Http2Abuse, continuation_flood_ends_the_connection) {
  H2Peer peer(gateway_.port());
  std::string bytes = frame(FrameType::kHeaders, kEndStream, 1, request_block());
  for (int i = 0; i < 4; ++i) bytes += frame(FrameType::kContinuation, 0, 1);
  ASSERT_TRUE(peer.send(bytes));
  peer.read_to_end();
  EXPECT_EQ(peer.went_away(), code(ErrorCode::kEnhanceYourCalm));
  EXPECT_EQ(count("http2-continuation-flood"), 1);
}

TEST_F(Http2Abuse, a_header_table_bomb_is_a_431) {
  H2Peer peer(gateway_.port());
  const std::string entry = std::string(
                                "\x40\x01"
                                "a") +
                            hpack_length(4000) + std::string(4000, 'x');
  ASSERT_TRUE(peer.send(headers(1, request_block() + entry + std::string(1000, '\xBE'))));
  EXPECT_EQ(peer.answer(1).status, 431);
  ASSERT_TRUE(peer.send(get(3)));
  EXPECT_EQ(peer.answer(3).status, 200);
}

TEST_F(Http2Abuse, a_window_beyond_its_end_is_refused) {
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(frame(FrameType::kWindowUpdate, 0, 0, u32(0x7FFF'FFFF))));
  peer.read_to_end();
  EXPECT_EQ(peer.went_away(), code(ErrorCode::kFlowControlError));
  EXPECT_EQ(count("http2-protocol-error"), 1);
}

TEST_F(Http2Abuse, more_data_than_the_window_allows_is_refused) {
  upstream_.set_script([this](Peer& peer) {
    (void)peer.read_head();
    (void)peer.reader().more();
    (void)eventually([this] { return refused_.load(); });
  });
  H2Peer peer(gateway_.port());
  const std::string post =
      headers(1, request_block({{"content-type", "application/octet-stream"}}, "POST", "/bytes"), false);
  ASSERT_TRUE(peer.send(post));
  // Far more than the sockets between gateway and upstream hold.
  for (int i = 0; i < 2000; ++i)
    ASSERT_TRUE(peer.send(data(1, std::string(16'000, 'x')))) << i << gateway_.log();
  EXPECT_EQ(peer.answer(1).reset, code(ErrorCode::kFlowControlError));
  refused_ = true;
}

TEST_F(Http2Abuse, a_client_that_opens_no_window_gets_no_more_and_loses_its_stream_in_time) {
  upstream_.set_script(answering(answer_text(200, "application/octet-stream", std::string(200'000, 'x'))));
  H2Peer peer(gateway_.port(), std::string("\0\4\0\0\0\1", 6));
  peer.set_polite(false);
  ASSERT_TRUE(peer.send(get(1, "/bytes")));
  const H2Answer answer = peer.answer(1);
  EXPECT_EQ(answer.body.size(), 1U);
  EXPECT_TRUE(answer.reset);
  EXPECT_EQ(count("client-closed"), 1);
}

TEST_F(Http2Abuse, a_body_that_never_ends_loses_its_stream_in_time) {
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(
      headers(1, request_block({{"content-type", "application/octet-stream"}}, "POST", "/bytes"), false)));
  const H2Answer answer = peer.answer(1);
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(count("request-timeout"), 1);
}

TEST_F(Http2Abuse, a_head_that_never_ends_loses_its_connection_in_time) {
  H2Peer peer(gateway_.port());
  peer.set_polite(false);
  ASSERT_TRUE(peer.send(frame(FrameType::kHeaders, kEndStream, 1, request_block())));
  peer.read_to_end();
  EXPECT_EQ(peer.went_away(), code(ErrorCode::kEnhanceYourCalm));
  EXPECT_EQ(count("request-timeout"), 1);
}

TEST_F(Http2Abuse, frames_against_the_rules_end_the_connection_and_are_recorded) {
  for (const std::string& bytes :
       {data(1, "x"), frame(FrameType::kResetStream, 0, 5, u32(8)),
        frame(FrameType::kWindowUpdate, 0, 5, u32(9)), frame(FrameType::kPushPromise, 4, 1, "1234")}) {
    H2Peer peer(gateway_.port());
    ASSERT_TRUE(peer.send(bytes));
    peer.read_to_end();
    EXPECT_EQ(peer.went_away(), code(ErrorCode::kProtocolError));
  }
}

TEST_F(Http2Abuse, data_on_a_stream_whose_body_has_ended_resets_the_stream) {
  upstream_.set_script([](Peer& peer) {
    (void)peer.read_request();
    (void)peer.read_request();
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(get(1) + data(1, "x")));
  EXPECT_EQ(peer.answer(1).reset, code(ErrorCode::kStreamClosed));
}

}  // namespace
}  // namespace caponier::e2e
