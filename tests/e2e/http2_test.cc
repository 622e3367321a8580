// HTTP/2 from clients, by curl, nghttp and h2load, and frame by frame.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <string>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/h2_peer.h"
#include "e2e/upstream.h"
#include "http/test_h2.h"

namespace caponier::e2e {
namespace {

using namespace http::h2;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string get(std::uint32_t stream, std::string_view path, Fields more = {}) {
  return headers(stream, request_block(more, "GET", path));
}
std::string post(std::uint32_t stream, Fields more = {}) {
  return headers(
      stream, request_block({{"content-type", "application/octet-stream"}}, "POST", "/bytes") + block(more),
      false);
}

class Http2 : public testing::Test {
 protected:
  std::atomic<bool> go_ = false;  // for scripts, which may outlive a test's own variables
  Upstream upstream_{echoing()};
  Gateway gateway_{{.contract = kContract, .upstream = upstream_.url(), .tls = true}};
};

TEST_F(Http2, curl_gets_an_answer_and_the_upstream_speaks_http_1) {
  upstream_.set_script(answering(answer_text(200, "text/plain", "hello")));
  const Finished done = run({"curl", "-sS", "-i", "--http2", "--max-time", "20", "--cacert",
                             gateway_.ca_file(), gateway_.url() + "/open?q=1"});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, StartsWith("HTTP/2 200"));
  EXPECT_THAT(done.out, HasSubstr("\r\ncontent-length: 5\r\n"));
  EXPECT_THAT(done.out, HasSubstr("\r\nx-content-type-options: nosniff\r\n"));
  EXPECT_THAT(done.out, EndsWith("\r\n\r\nhello"));
  const auto requests = upstream_.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].start_line, "GET /open?q=1 HTTP/1.1");
  EXPECT_FALSE(requests[0].has("Transfer-Encoding"));
  const auto records = gateway_.wait_for_records(1);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].at("status"), "200");
}

TEST_F(Http2, curl_uploads_and_downloads_through_flow_control) {
  const TestFolder folder;
  std::string bytes(3'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  const std::string file = folder.write("bytes", bytes);
  const std::string back = folder.file("back");
  for (const char* framing : {"Content-Length: 3000000", "X-Framing: none"}) {
    const Finished done = run({"curl", "-sS", "--http2", "--max-time", "60", "--cacert", gateway_.ca_file(),
                               "-H", framing, "-H", "Content-Type: application/octet-stream", "--data-binary",
                               "@" + file, "-o", back, gateway_.url() + "/bytes"});
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_TRUE(read_file(back) == bytes) << "other bytes came back";
  }
}

TEST_F(Http2, a_request_of_unknown_length_goes_up_in_chunks) {
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(post(1) + data(1, "one ") + data(1, "two", true)));
  const H2Answer answer = peer.answer(1);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "one two");
  EXPECT_EQ(answer.headers.at("content-length"), "7");
  EXPECT_FALSE(answer.reset);
  ASSERT_EQ(upstream_.requests().size(), 1U);
  EXPECT_EQ(upstream_.requests()[0].header("Transfer-Encoding"), "chunked");
}

TEST_F(Http2, the_body_of_a_request_that_was_given_up_at_once_is_not_that_of_the_next) {
  H2Peer peer(gateway_.port());
  // Together, so that it ends before it began.
  ASSERT_TRUE(peer.send(post(1) + data(1, "given up ") + frame(FrameType::kResetStream, 0, 1, u32(8)) +
                        frame(FrameType::kPing, 0, 0, "question")));
  peer.read_until([&peer] { return peer.pings() > 0; });
  ASSERT_TRUE(peer.send(post(3) + data(3, "whole", true)));
  EXPECT_EQ(peer.answer(3).body, "whole");
  EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(Http2, nghttp_and_h2load_are_served) {
  upstream_.set_script(answering(answer_text(200, "text/plain", "hello")));
  const Finished one = run({"nghttp", "-v", "--no-verify-peer", gateway_.url() + "/open"});
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr(":status: 200"));
  const Finished many = run({"h2load", "-n", "500", "-c", "4", "-m", "20", gateway_.url() + "/open"});
  EXPECT_EQ(many.status, 0) << many.err;
  EXPECT_THAT(many.out, HasSubstr("500 succeeded, 0 failed"));
}

TEST_F(Http2, many_streams_are_under_way_at_a_time_and_answered_as_they_are_ready) {
  std::atomic<bool> go = false;
  upstream_.set_script([&go](Peer& peer) {
    while (const auto request = peer.read_request()) {
      if (request->start_line.find("slow") != std::string::npos)
        (void)eventually([&go] { return go.load(); });
      if (!peer.send(answer_text(200, "text/plain", request->start_line))) return;
    }
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(get(1, "/open?q=slow") + get(3, "/open?q=b") + get(5, "/open?q=c")));
  EXPECT_EQ(peer.answer(3).body, "GET /open?q=b HTTP/1.1");
  EXPECT_EQ(peer.answer(5).body, "GET /open?q=c HTTP/1.1");
  EXPECT_FALSE(peer.seen(1).ended);
  go = true;
  EXPECT_EQ(peer.answer(1).body, "GET /open?q=slow HTTP/1.1");
}

TEST_F(Http2, refusals_are_answers_of_their_stream) {
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(get(1, "/items/7") + get(3, "/nowhere") + get(5, "/open?q=1")));
  EXPECT_EQ(peer.answer(1).status, 401);
  EXPECT_EQ(peer.seen(1).headers.at("content-type"), "application/problem+json");
  EXPECT_EQ(peer.seen(1).headers.count("connection"), 0U);
  EXPECT_EQ(peer.answer(3).status, 404);
  EXPECT_EQ(peer.answer(5).status, 200);
  EXPECT_EQ(gateway_.wait_for_records(3).size(), 3U);
}

TEST_F(Http2, head_and_answers_without_content_have_no_data) {
  upstream_.set_script(answering("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n"));
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(headers(1, request_block({}, "HEAD", "/open"))));
  const H2Answer answer = peer.answer(1);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("content-length"), "5");
  EXPECT_EQ(answer.body, "");
  EXPECT_TRUE(answer.ended);
}

TEST_F(Http2, an_answer_of_unknown_length_streams_and_its_trailers_come_if_asked_for) {
  upstream_.set_script(
      answering("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Checksum: 7\r\n\r\n"));
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(get(1, "/open", {{"te", "trailers"}}) + get(3, "/open")));
  const H2Answer asked = peer.answer(1);
  EXPECT_EQ(asked.body, "abcde");
  EXPECT_EQ(asked.headers.count("transfer-encoding"), 0U);
  ASSERT_EQ(asked.trailers.size(), 1U);
  EXPECT_EQ(asked.trailers.at("x-checksum"), "7");
  const H2Answer not_asked = peer.answer(3);
  EXPECT_EQ(not_asked.body, "abcde");
  EXPECT_TRUE(not_asked.trailers.empty());
  EXPECT_TRUE(not_asked.ended);
}

TEST_F(Http2, a_client_that_waits_is_told_to_continue_after_its_head_was_judged) {
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(post(1, {{"expect", "100-continue"}})));
  peer.read_until([&peer] { return !peer.seen(1).interim.empty(); });
  EXPECT_THAT(peer.seen(1).interim, ElementsAre(100));
  ASSERT_TRUE(peer.send(data(1, "late", true)));
  EXPECT_EQ(peer.answer(1).body, "late");
  ASSERT_TRUE(peer.send(headers(
      3, request_block({{"content-type", "application/json"}, {"expect", "100-continue"}}, "POST", "/items"),
      false)));
  EXPECT_EQ(peer.answer(3).status, 401);
  EXPECT_TRUE(peer.seen(3).interim.empty());
}

TEST_F(Http2, trailers_of_a_request_are_judged_and_dropped) {
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(post(1) + data(1, "abc") + headers(1, block({{"checksum", "1"}}))));
  EXPECT_EQ(peer.answer(1).body, "abc");
  EXPECT_THAT(upstream_.received(), Not(HasSubstr("checksum")));
  ASSERT_TRUE(peer.send(post(3) + data(3, "abc") + headers(3, block({{":path", "/"}}))));
  EXPECT_EQ(peer.answer(3).reset, static_cast<std::uint32_t>(ErrorCode::kProtocolError));
}

TEST_F(Http2, a_stream_that_the_client_gives_up_frees_its_upstream_and_is_recorded_once) {
  std::atomic<bool> ended = false;
  upstream_.set_script([&ended](Peer& peer) {
    (void)peer.read_request();
    (void)peer.read_request();  // until the connection ends
    ended = true;
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(get(1, "/open")));
  ASSERT_TRUE(eventually([this] { return !upstream_.requests().empty(); }));
  ASSERT_TRUE(peer.send(frame(FrameType::kResetStream, 0, 1, u32(8))));
  EXPECT_TRUE(eventually([&ended] { return ended.load(); }));
  auto records = gateway_.wait_for_records(1);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["reason"], "client-closed");
  // The connection goes on.
  upstream_.set_script(answering(answer_text(200, "text/plain", "hello")));
  ASSERT_TRUE(peer.send(get(3, "/open")));
  EXPECT_EQ(peer.answer(3).body, "hello");
  EXPECT_EQ(gateway_.wait_for_records(2).size(), 2U);
}

TEST_F(Http2, an_answer_that_breaks_off_resets_its_stream_only) {
  upstream_.set_script([](Peer& peer) {
    if (!peer.read_request()) return;
    (void)peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nhalf");
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(get(1, "/open")));
  const H2Answer answer = peer.answer(1);
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.ended);
  EXPECT_EQ(answer.reset, static_cast<std::uint32_t>(ErrorCode::kInternalError));
  upstream_.set_script(answering(answer_text(200, "text/plain", "hello")));
  ASSERT_TRUE(peer.send(get(3, "/open")));
  EXPECT_EQ(peer.answer(3).body, "hello");
}

TEST_F(Http2, an_answer_before_the_body_has_come_asks_for_no_more_of_it) {
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(
      peer.send(headers(1, request_block({{"content-type", "application/json"}}, "POST", "/items"), false)));
  const H2Answer answer = peer.answer(1);
  EXPECT_EQ(answer.status, 401);
  peer.read_until([&peer] { return peer.seen(1).reset.has_value(); });
  EXPECT_EQ(peer.seen(1).reset, static_cast<std::uint32_t>(ErrorCode::kNoError));
  // What was on its way is dropped, and the connection's window opens for it.
  ASSERT_TRUE(peer.send(data(1, std::string(16'000, 'x')) + get(3, "/open?q=1")));
  EXPECT_EQ(peer.answer(3).status, 200);
}

// Some clients take a reset for the loss of the answer.
TEST_F(Http2, a_client_may_finish_a_body_that_is_not_wanted_unless_it_is_long) {
  const auto unwanted = [](std::uint32_t stream) {
    return headers(stream, request_block({{"content-type", "application/json"}}, "POST", "/items"), false);
  };
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(unwanted(1)));
  EXPECT_EQ(peer.answer(1).status, 401);
  ASSERT_TRUE(peer.send(frame(FrameType::kData, kEndStream, 1, "{}") + unwanted(3)));
  EXPECT_EQ(peer.answer(3).status, 401);
  EXPECT_FALSE(peer.seen(1).reset.has_value());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(peer.send(data(3, std::string(16'000, 'x'), false)));
  ASSERT_TRUE(peer.send(get(5, "/open?q=1")));
  EXPECT_EQ(peer.answer(5).status, 200);
  EXPECT_EQ(peer.seen(3).reset, static_cast<std::uint32_t>(ErrorCode::kNoError));
  EXPECT_FALSE(peer.seen(1).reset.has_value());
}

TEST_F(Http2, a_body_waits_in_the_clients_window_while_the_upstream_does_not_read) {
  Gateway gateway({.contract = kContract,
                   .upstream = upstream_.url(),
                   .config = "limits: {http2: {pings_max: 10000}}\n",
                   .tls = true});
  upstream_.set_script([this](Peer& peer) {
    (void)peer.read_head();
    (void)eventually([this] { return go_.load(); });
  });
  H2Peer peer(gateway.port());
  ASSERT_TRUE(peer.send(post(1)));
  ASSERT_TRUE(eventually([this] { return upstream_.connections() == 1; }));
  peer.read_until([&peer] { return !peer.settings().empty(); });
  const std::uint64_t window = peer.settings().at(static_cast<int>(SettingId::kInitialWindowSize));
  EXPECT_EQ(window, 256U * 1024);
  // Far more than the socket buffers between gateway and upstream hold, as far as the window lets it.
  std::uint64_t sent = 0;
  bool stuck = false;
  while (sent < 64'000'000 && !stuck) {
    while (sent + 16'000 <= window + peer.opened(1)) {
      ASSERT_TRUE(peer.send(data(1, std::string(16'000, 'x'))));
      sent += 16'000;
    }
    // An answer to PING comes behind what the gateway had to say before.
    const int pings = peer.pings();
    const std::uint64_t opened = peer.opened(1);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(peer.send(frame(FrameType::kPing, 0, 0, "12345678")));
      peer.read_until([&peer, pings, i] { return peer.pings() > pings + i; });
    }
    stuck = peer.opened(1) == opened;
  }
  EXPECT_TRUE(stuck) << sent << " bytes were taken";
  EXPECT_FALSE(peer.went_away());
  // The rest of the connection is not held up.
  upstream_.set_script(answering(answer_text(200, "text/plain", "hello")));
  ASSERT_TRUE(peer.send(get(3, "/open")));
  EXPECT_EQ(peer.answer(3).body, "hello");
  go_ = true;
}

TEST_F(Http2, a_client_with_a_small_window_gets_the_answer_piece_by_piece) {
  const std::string body(100'000, 'b');
  upstream_.set_script(answering(answer_text(200, "application/octet-stream", body)));
  // SETTINGS_INITIAL_WINDOW_SIZE 1000.
  H2Peer peer(gateway_.port(), std::string("\0\4\0\0\x03\xE8", 6));
  ASSERT_TRUE(peer.send(get(1, "/bytes")));
  EXPECT_EQ(peer.answer(1).body, body);
}

TEST_F(Http2, draining_says_so_and_serves_what_is_under_way) {
  std::atomic<bool> go = false;
  upstream_.set_script([&go](Peer& peer) {
    while (peer.read_request()) {
      (void)eventually([&go] { return go.load(); });
      if (!peer.send(answer_text(200, "text/plain", "hello"))) return;
    }
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(get(1, "/open")));
  ASSERT_TRUE(eventually([this] { return !upstream_.requests().empty(); }));
  gateway_.process().signal(SIGTERM);
  peer.read_until([&peer] { return peer.went_away().has_value(); });
  EXPECT_EQ(peer.went_away(), static_cast<std::uint32_t>(ErrorCode::kNoError));
  go = true;
  EXPECT_EQ(peer.answer(1).body, "hello");
  peer.read_to_end();
  EXPECT_EQ(peer.last_stream(), 1U);
  EXPECT_EQ(gateway_.process().wait(), 0);
}

TEST_F(Http2, an_idle_connection_ends_with_its_time) {
  Gateway quick({.contract = kContract,
                 .upstream = upstream_.url(),
                 .config = "timeouts: {keep_alive_idle: 300ms}\n",
                 .tls = true});
  H2Peer peer(quick.port());
  ASSERT_TRUE(peer.send(get(1, "/open")));
  EXPECT_EQ(peer.answer(1).status, 200);
  peer.read_to_end();
  EXPECT_EQ(peer.went_away(), static_cast<std::uint32_t>(ErrorCode::kNoError));
}

TEST_F(Http2, http_1_is_still_spoken_with_those_who_want_it) {
  const Finished done = run({"curl", "-sS", "-i", "--http1.1", "--max-time", "20", "--cacert",
                             gateway_.ca_file(), gateway_.url() + "/open"});
  EXPECT_THAT(done.out, StartsWith("HTTP/1.1 200"));
}

}  // namespace
}  // namespace caponier::e2e
