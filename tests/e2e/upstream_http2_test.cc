// HTTP/2 to the upstream: from clients of both versions, frame by frame at the other end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/h2_peer.h"
#include "e2e/h2_side.h"
#include "e2e/upstream.h"
#include "http/test_h2.h"

namespace caponier::e2e {
namespace {

using namespace http::h2;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string setting(SettingId id, std::uint32_t value) {
  const auto number = static_cast<std::uint16_t>(id);
  return std::string{static_cast<char>(number >> 8), static_cast<char>(number)} + u32(value);
}

std::string get(std::uint32_t stream, std::string_view path, Fields more = {}) {
  return headers(stream, request_block(more, "GET", path));
}
std::string post(std::uint32_t stream, Fields more = {}) {
  return headers(
      stream, request_block({{"content-type", "application/octet-stream"}}, "POST", "/bytes") + block(more),
      false);
}
std::string bytes_head(std::uint32_t stream, Fields more = {}, bool ends = false) {
  return headers(
      stream, block({{":status", "200"}, {"content-type", "application/octet-stream"}}) + block(more), ends);
}
std::string pattern(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  return bytes;
}
// A body back in frames, as far as the windows of our side would let it: the gateway's are larger than what
// the tests send at once.
std::string echo(std::uint32_t stream, const H2Request& request) {
  std::string out = bytes_head(stream, {}, request.body.empty());
  for (std::size_t at = 0; at < request.body.size(); at += kFrameBytesMax) {
    out += data(stream, std::string_view(request.body).substr(at, kFrameBytesMax),
                at + kFrameBytesMax >= request.body.size());
  }
  return out;
}
// Echoes as it comes, and as far as the gateway opens its windows. False if the connection ended.
bool echo_slowly(H2Side& side, std::uint32_t stream, std::uint64_t& used) {
  const H2Request& request = side.seen(stream);
  const std::uint64_t first_window = side.settings().at(4);
  std::uint64_t sent = 0;
  for (;;) {
    const auto room = [&] {
      return std::min(first_window + side.opened(stream) - sent, 65'535 + side.opened(0) - used);
    };
    const std::uint64_t now = std::min({request.body.size() - sent, room(), std::uint64_t{kFrameBytesMax}});
    const bool last = request.ended && sent + now == request.body.size();
    if (now > 0 || last) {
      if (!side.send(data(stream, std::string_view(request.body).substr(sent, now), last))) return false;
      sent += now;
      used += now;
      if (last) return true;
      continue;
    }
    const std::size_t had = request.body.size();
    const bool had_room = room() > 0;
    const bool had_ended = request.ended;
    const bool went_on = side.read_until([&] {
      return request.body.size() != had || request.ended != had_ended || (!had_room && room() > 0);
    });
    if (!went_on) return false;
  }
}
std::string config_of(const Upstream& upstream, std::string_view more = {}) {
  return "upstream: {url: \"" + upstream.url() + "\", protocol: http2" + std::string(more) + "}\n";
}
std::string put(std::string_view path, std::string_view body, const std::string& token) {
  return request_text("POST", path, "Content-Type: application/json\r\n" + bearer(token), body);
}

class UpstreamHttp2 : public testing::Test {
 protected:
  std::atomic<bool> go_ = false;  // for scripts, which may outlive a test's own variables
  std::atomic<int> count_ = 0;
  Upstream upstream_{speaking_h2([](std::uint32_t stream, const H2Request& request) {
    return request.fields.at(":method") == "POST" ? echo(stream, request) : h2_text(stream, "hello");
  })};
  Gateway gateway_{{.contract = kContract, .upstream = "", .config = config_of(upstream_), .tls = true}};
};

class PlainToHttp2 : public UpstreamHttp2 {
 protected:
  Gateway plain_{{.contract = kContract, .upstream = "", .config = config_of(upstream_)}};
};

TEST_F(PlainToHttp2, a_request_of_http_1_goes_up_in_its_canonical_form) {
  std::atomic<bool> right = false;
  upstream_.set_script(speaking_h2([&right](std::uint32_t stream, const H2Request& request) {
    const auto& fields = request.fields;
    right = fields.at(":method") == "GET" && fields.at(":scheme") == "http" &&
            fields.at(":path") == "/open?q=1" && fields.at(":authority").starts_with("127.0.0.1:") &&
            fields.at("x-own") == "1" && fields.contains("x-request-id") && fields.contains("traceparent") &&
            fields.contains("forwarded") && !fields.contains("host") && !fields.contains("connection") &&
            !fields.contains("te") && !fields.contains("transfer-encoding") &&
            !fields.contains("content-length") && !fields.contains("keep-alive");
    return h2_text(stream, "hello");
  }));
  const Message answer =
      plain_.ask(request_text("GET", "/open?q=1", "X-Own: 1\r\nKeep-Alive: 5\r\nConnection: keep-alive\r\n"));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_TRUE(right);
  EXPECT_EQ(plain_.record_of(answer)["upstream_status"], "200");
}

TEST_F(PlainToHttp2, a_judged_body_goes_up_with_its_length) {
  std::atomic<bool> right = false;
  upstream_.set_script(speaking_h2([&right](std::uint32_t stream, const H2Request& request) {
    right = request.fields.at("content-length") == "12" && request.body == "{\"name\":\"a\"}";
    return h2_text(stream, "made");
  }));
  const Message answer = plain_.ask(put("/items", "{\"name\":\"a\"}", plain_.token("me", "items:write")));
  EXPECT_EQ(answer.status(), 200) << answer.body;
  EXPECT_EQ(answer.body, "made");
  EXPECT_TRUE(right);
}

TEST_F(PlainToHttp2, large_bodies_pass_both_ways_from_either_version) {
  const TestFolder folder;
  upstream_.set_script([](Peer& peer) {
    H2Side side(peer);
    if (!side.greet()) return;
    std::uint64_t used = 0;  // of the connection's window
    while (const std::uint32_t stream = side.next_head()) {
      if (!side.send(bytes_head(stream)) || !echo_slowly(side, stream, used)) return;
    }
  });
  const std::string bytes = pattern(3'000'000);
  const std::string file = folder.write("bytes", bytes);
  const std::string back = folder.file("back");
  for (const Gateway* gateway : {&plain_, &gateway_}) {
    for (const char* framing : {"Content-Length: 3000000", "Transfer-Encoding: chunked"}) {
      const Finished done =
          run({"curl", "-sS", "--max-time", "60", "--cacert", gateway_.ca_file(), "-H", framing, "-H",
               "Content-Type: application/octet-stream", "-H", "Expect:", "--data-binary", "@" + file, "-o",
               back, gateway->url() + "/bytes"});
      ASSERT_EQ(done.status, 0) << done.err;
      EXPECT_TRUE(read_file(back) == bytes) << "other bytes came back";
    }
  }
}

TEST_F(PlainToHttp2, answers_without_a_body_interim_answers_and_trailers_pass) {
  upstream_.set_script(speaking_h2([](std::uint32_t stream, const H2Request& request) {
    if (request.fields.at(":method") == "HEAD")
      return headers(stream,
                     block({{":status", "200"}, {"content-type", "text/plain"}, {"content-length", "9"}}));
    return headers(stream, block({{":status", "103"}, {"link", "</a>"}}), false) + bytes_head(stream) +
           data(stream, "hello") + headers(stream, block({{"x-sum", "5"}}));
  }));
  Socket socket = Socket::connect(plain_.port());
  ASSERT_TRUE(socket.send(request_text("HEAD", "/open")));
  MessageReader reader(socket);
  const auto head = reader.read_answer(true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status(), 200);
  EXPECT_EQ(head->header("Content-Length"), "9");
  ASSERT_TRUE(socket.send(request_text("GET", "/bytes", "TE: trailers\r\nConnection: TE, close\r\n")));
  const std::string rest = reader.read_to_end();
  EXPECT_THAT(rest, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(rest, Not(HasSubstr("103")));
  EXPECT_THAT(rest, HasSubstr("5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n"));
  EXPECT_EQ(upstream_.connections(), 1U);
}

TEST_F(UpstreamHttp2, many_requests_share_one_connection) {
  upstream_.set_script([](Peer& peer) {
    H2Side side(peer);
    if (!side.greet()) return;
    // Both are under way before either is answered, the later one first.
    (void)side.read_until([&side] { return side.begun() == 2; });
    side.send(h2_text(3, side.seen(3).fields.at(":path")) + h2_text(1, side.seen(1).fields.at(":path")));
    side.read_to_end();
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(get(1, "/open?q=1") + get(3, "/open?q=2")));
  EXPECT_EQ(peer.answer(1).body, "/open?q=1");
  EXPECT_EQ(peer.answer(3).body, "/open?q=2");
  EXPECT_EQ(upstream_.connections(), 1U);
}

TEST_F(UpstreamHttp2, more_streams_than_the_upstream_takes_get_a_further_connection) {
  upstream_.set_script([this](Peer& peer) {
    H2Side side(peer);
    if (!side.greet(setting(SettingId::kMaxConcurrentStreams, 1))) return;
    const std::uint32_t stream = side.next_request();
    ++count_;
    (void)eventually([this] { return count_ == 2; });
    side.send(h2_text(stream, "hello"));
    side.read_to_end();
    if (side.begun() > 1) count_ = 100;
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(get(1, "/open") + get(3, "/open")));
  EXPECT_EQ(peer.answer(1).status, 200);
  EXPECT_EQ(peer.answer(3).status, 200);
  EXPECT_EQ(upstream_.connections(), 2U);
  EXPECT_EQ(count_, 2);
}

TEST_F(UpstreamHttp2, a_client_that_does_not_read_stops_its_own_answer_only) {
  std::atomic<std::uint64_t> sent = 0;
  upstream_.set_script([&sent](Peer& peer) {
    H2Side side(peer);
    if (!side.greet()) return;
    const std::uint32_t first = side.next_request();
    side.send(bytes_head(first));
    const std::string piece(kFrameBytesMax, 'x');
    // All that its window takes, and not a byte more is let.
    while (262'144 + side.opened(first) - sent >= piece.size() && sent < 4'000'000) {
      side.send(data(first, piece));
      sent += piece.size();
    }
    const std::uint32_t second = side.next_request();
    side.send(h2_text(second, "hello"));
    side.read_to_end();
  });
  H2Peer peer(gateway_.port());
  peer.set_polite(false);
  ASSERT_TRUE(peer.send(get(1, "/bytes")));
  peer.read_until([&peer] { return peer.seen(1).body.size() >= 65'535; });
  std::string window;
  append_window_update(window, 0, 100'000);
  ASSERT_TRUE(peer.send(window + get(3, "/open")));
  EXPECT_EQ(peer.answer(3).body, "hello");
  EXPECT_LT(sent, 1'000'000U) << "the upstream's window was opened though nobody read";
  EXPECT_EQ(upstream_.connections(), 1U);
}

TEST_F(UpstreamHttp2, an_upstream_that_opens_no_window_stops_the_client) {
  upstream_.set_script([this](Peer& peer) {
    H2Side side(peer);
    side.set_polite(false);
    if (!side.greet()) return;
    const std::uint32_t stream = side.next_head();
    (void)side.read_until([&side, stream] { return side.seen(stream).body.size() >= 65'535; });
    (void)eventually([this] { return go_.load(); });
    std::string more;
    append_window_update(more, 0, 2'000'000);
    append_window_update(more, stream, 2'000'000);
    side.send(more);
    (void)side.read_until([&side, stream] { return side.seen(stream).ended; });
    side.send(bytes_head(stream) + data(stream, std::to_string(side.seen(stream).body.size()), true));
    side.read_to_end();
  });
  H2Peer peer(gateway_.port());
  peer.read_until([&peer] { return peer.opened(0) > 0; });
  const std::uint64_t window = peer.settings().at(4);
  ASSERT_TRUE(peer.send(post(1)));
  std::uint64_t sent = 0;
  const std::string piece(16'000, 'x');
  while (sent + piece.size() <= window) {
    ASSERT_TRUE(peer.send(data(1, piece)));
    sent += piece.size();
  }
  ASSERT_TRUE(peer.send(frame(FrameType::kPing, 0, 0, "12345678")));
  peer.read_until([&peer] { return peer.pings() == 1; });
  EXPECT_LT(peer.opened(1), 200'000U) << "the client may send more than the upstream takes";
  go_ = true;
  ASSERT_TRUE(peer.send(data(1, "", true)));
  EXPECT_EQ(peer.answer(1).body, std::to_string(sent));
}

TEST_F(UpstreamHttp2, what_goaway_left_out_is_sent_again_whatever_the_method) {
  const std::string token = gateway_.token("me", "items:write");
  upstream_.set_script([](Peer& peer) {
    H2Side side(peer);
    if (!side.greet()) return;
    const std::uint32_t stream = side.next_request();
    if (peer.number() == 0) {
      side.send(frame(FrameType::kGoAway, 0, 0, u32(0) + u32(0)));
    } else {
      side.send(h2_text(stream, side.seen(stream).body));
    }
    side.read_to_end();
  });
  H2Peer peer(gateway_.port());
  const std::string auth = "Bearer " + token;
  ASSERT_TRUE(peer.send(
      headers(
          1, request_block({{"content-type", "application/json"}, {"authorization", auth}}, "POST", "/items"),
          false) +
      data(1, "{\"name\":\"a\"}", true)));
  const H2Answer answer = peer.answer(1);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{\"name\":\"a\"}");
  EXPECT_EQ(upstream_.connections(), 2U);
}

TEST_F(UpstreamHttp2, a_refused_stream_is_sent_again_whatever_the_method) {
  upstream_.set_script([this](Peer& peer) {
    H2Side side(peer);
    if (!side.greet()) return;
    while (const std::uint32_t stream = side.next_request()) {
      std::string refusal;
      append_reset(refusal, stream, ErrorCode::kRefusedStream);
      side.send(count_++ == 0 ? refusal : h2_text(stream, side.seen(stream).body));
    }
  });
  H2Peer peer(gateway_.port());
  const std::string auth = "Bearer " + gateway_.token("me", "items:write");
  ASSERT_TRUE(peer.send(
      headers(
          1, request_block({{"content-type", "application/json"}, {"authorization", auth}}, "POST", "/items"),
          false) +
      data(1, "{\"name\":\"a\"}", true)));
  EXPECT_EQ(peer.answer(1).status, 200);
  EXPECT_EQ(count_, 2);
}

TEST_F(UpstreamHttp2, a_post_that_was_reset_is_not_sent_again) {
  upstream_.set_script([this](Peer& peer) {
    H2Side side(peer);
    if (!side.greet()) return;
    while (const std::uint32_t stream = side.next_request()) {
      ++count_;
      std::string reset;
      append_reset(reset, stream, ErrorCode::kInternalError);
      side.send(reset);
    }
  });
  H2Peer peer(gateway_.port());
  const std::string auth = "Bearer " + gateway_.token("me", "items:write");
  ASSERT_TRUE(peer.send(
      headers(
          1, request_block({{"content-type", "application/json"}, {"authorization", auth}}, "POST", "/items"),
          false) +
      data(1, "{\"name\":\"a\"}", true)));
  EXPECT_EQ(peer.answer(1).status, 502);
  EXPECT_EQ(count_, 1);
  const auto records = gateway_.wait_for_records(1);
  EXPECT_EQ(records.at(0).at("reason"), "upstream-closed");
  EXPECT_THAT(records.at(0).at("detail"), HasSubstr("INTERNAL_ERROR"));
}

// RFC 9113, section 8.1: the upstream wants no more of the request.
TEST_F(PlainToHttp2, an_answer_that_comes_before_a_judged_body_has_left_is_the_answer) {
  upstream_.set_script([this](Peer& peer) {
    H2Side side(peer);
    if (!side.greet(setting(SettingId::kInitialWindowSize, 4))) return;
    side.set_polite(false);
    while (const std::uint32_t stream = side.next_head()) {
      ++count_;
      std::string enough = h2_text(stream, "made");
      if (count_ % 2 == 0) append_reset(enough, stream, ErrorCode::kNoError);
      side.send(enough);
    }
  });
  const std::string token = plain_.token("me", "items:write");
  for (int i = 0; i < 8; ++i) {
    const Message answer = plain_.ask(put("/items", "{\"name\":\"a\"}", token));
    EXPECT_EQ(answer.status(), 200) << i << answer.body << plain_.log();
    EXPECT_EQ(answer.body, "made");
  }
  EXPECT_EQ(count_, 8);
}

TEST_F(PlainToHttp2, a_post_whose_head_has_left_is_not_sent_again_on_another_connection) {
  upstream_.set_script([this](Peer& peer) {
    H2Side side(peer);
    if (!side.greet(setting(SettingId::kInitialWindowSize, 0))) return;
    side.set_polite(false);
    while (const std::uint32_t stream = side.next_head()) {
      if (side.seen(stream).fields.at(":method") == "GET") {
        side.send(h2_text(stream, "hello"));
        continue;
      }
      ++count_;
      std::string reset;
      append_reset(reset, stream, ErrorCode::kInternalError);
      side.send(reset);
    }
  });
  EXPECT_EQ(plain_.ask(request_text("GET", "/open")).status(), 200);
  const Message answer = plain_.ask(put("/items", "{\"name\":\"a\"}", plain_.token("me", "items:write")));
  EXPECT_EQ(answer.status(), 502);
  EXPECT_EQ(count_, 1);
}

TEST_F(UpstreamHttp2, a_client_that_gives_up_cancels_at_the_upstream_and_nothing_else) {
  std::atomic<bool> cancelled = false;
  upstream_.set_script([this, &cancelled](Peer& peer) {
    H2Side side(peer);
    if (!side.greet()) return;
    (void)side.next_request();
    go_ = true;
    (void)side.read_until([&side] { return side.seen(1).reset.has_value(); });
    cancelled = side.seen(1).reset == static_cast<std::uint32_t>(ErrorCode::kCancel);
    const std::uint32_t next = side.next_request();
    side.send(h2_text(next, "hello"));
    side.read_to_end();
  });
  H2Peer peer(gateway_.port());
  ASSERT_TRUE(peer.send(get(1, "/open")));
  ASSERT_TRUE(eventually([this] { return go_.load(); }));
  std::string cancel;
  append_reset(cancel, 1, ErrorCode::kCancel);
  ASSERT_TRUE(peer.send(cancel + get(3, "/open")));
  EXPECT_EQ(peer.answer(3).body, "hello");
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(upstream_.connections(), 1U);
}

struct Attack {
  const char* name;
  std::string frames;  // instead of an answer on stream 1
  const char* detail;
};

std::string many(const std::string& one, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += one;
  return out;
}

TEST_F(UpstreamHttp2, an_upstream_against_the_protocol_is_a_502_that_says_why) {
  const Attack attacks[] = {
      {"push", frame(FrameType::kPushPromise, kEndHeaders, 1, u32(2)), "PUSH_PROMISE"},
      {"answer nobody asked for", headers(7, block({{":status", "200"}})), "what nobody asked"},
      {"data before a head", data(1, "x"), "before a head"},
      {"no status", headers(1, block({{"content-type", "text/plain"}})), "pseudo"},
      {"upper case", headers(1, block({{":status", "200"}, {"X-Up", "1"}})), ""},
      {"connection header", headers(1, block({{":status", "200"}, {"connection", "close"}})), ""},
      {"switching protocols", headers(1, block({{":status", "101"}}), false), ""},
      {"too short", bytes_head(1, {{"content-length", "5"}}) + data(1, "x", true), "shorter"},
      {"settings", many(frame(FrameType::kSettings, 0, 0), 40), "SETTINGS without end"},
      {"pings", many(frame(FrameType::kPing, 0, 0, "12345678"), 70), "PING without end"},
      {"empty data", bytes_head(1) + many(data(1, ""), 210), ""},
      {"window overflow", frame(FrameType::kWindowUpdate, 0, 0, u32(0x7FFF'FFFF)), "2^31"},
      {"no window", frame(FrameType::kWindowUpdate, 0, 1, u32(0)), "2^31"},
      {"interim answers", many(headers(1, block({{":status", "103"}}), false), 17), "interim"},
      {"continuations",
       frame(FrameType::kHeaders, 0, 1, block({{":status", "200"}})) +
           many(frame(FrameType::kContinuation, 0, 1, field("a", "b")), 9),
       "too many frames"},
      {"too large a head",
       headers(1, block({{":status", "200"}}) + many(field("a", std::string(1000, 'x')), 14)), ""},
  };
  for (const Attack& attack : attacks) {
    SCOPED_TRACE(attack.name);
    Upstream upstream([&attack](Peer& peer) {
      H2Side side(peer);
      if (!side.greet() || side.next_request() == 0) return;
      side.send(attack.frames);
      side.read_to_end();
    });
    Gateway gateway({.contract = kContract, .upstream = "", .config = config_of(upstream)});
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    const std::string name = attack.name;
    const bool passes_head = name == "empty data" || name == "too short";
    const Message answer = gateway.ask(request_text("GET", "/bytes"));
    if (name == "too large a head") {
      EXPECT_NE(answer.status(), 0);
      continue;
    }
    EXPECT_EQ(answer.status(), passes_head ? 200 : 502);
    const auto records = gateway.wait_for_records(1);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].at("reason"), "upstream-malformed");
    EXPECT_THAT(records[0].at("detail"), HasSubstr(attack.detail));
  }
}

TEST_F(UpstreamHttp2, an_upstream_that_speaks_http_1_is_told_apart) {
  Upstream upstream(answering(answer_text(200, "text/plain", "hello")));
  Gateway gateway({.contract = kContract, .upstream = "", .config = config_of(upstream)});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Message answer = gateway.ask(request_text("GET", "/open"));
  EXPECT_EQ(answer.status(), 502);
  EXPECT_THAT(gateway.record_of(answer)["detail"], HasSubstr("HTTP/2: "));
}

// Over TLS the other end is another gateway, which chooses HTTP/2 if it is offered.
TEST(UpstreamAlpn, every_protocol_is_answered_over_tls) {
  Upstream origin(answering(answer_text(200, "text/plain", "hello")));
  Gateway behind({.contract = kContract, .upstream = origin.url(), .tls = true});
  ASSERT_TRUE(behind.ready()) << behind.process().err();
  for (const std::string protocol : {"auto", "http2", "http1"}) {
    Gateway front({.contract = kContract,
                   .upstream = "",
                   .config = "upstream: {url: \"" + behind.url() + "\", ca_file: \"" + behind.ca_file() +
                             "\", protocol: " + protocol + "}\n"});
    ASSERT_TRUE(front.ready()) << front.process().err();
    for (int i = 0; i < 3; ++i) {
      const Message answer = front.ask(request_text("GET", "/open"));
      EXPECT_EQ(answer.status(), 200) << protocol << answer.body;
      EXPECT_EQ(answer.body, "hello");
    }
  }
}

}  // namespace
}  // namespace caponier::e2e
