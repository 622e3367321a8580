// WebSockets: an operation that declares 101 is entered by a handshake, judged like any other, and then
// carries bytes both ways until somebody closes it, the credential expires or nothing moves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>
#include <utility>

#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

constexpr const char* kFeeds = R"(openapi: 3.1.0
info: {title: Feeds, version: "1"}
servers: [{url: /}]
paths:
  /feed/{room}:
    get:
      operationId: openFeed
      security: [{bearer: ["feed:read"]}]
      parameters: [{name: room, in: path, required: true, schema: {type: string, maxLength: 8}}]
      responses:
        "101": {description: the feed}
        "403": {description: full, content: {text/plain: {}}}
  /open:
    get:
      operationId: getOpen
      security: []
      x-caponier: {public: {reason: "for everybody"}}
      responses: {"200": {description: ok, content: {text/plain: {}}}}
components: {securitySchemes: {bearer: {type: http, scheme: bearer}}}
)";
constexpr const char* kIssuerName = "https://issuer.example";

// RFC 6455, section 1.3.
const std::string kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string kAccept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
const std::string kUpgrade = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
const std::string kVersion = "Sec-WebSocket-Version: 13\r\n";
const std::string kHandshake = kUpgrade + kVersion + kKey;
const std::string kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nServer: feeds/1\r\n";
// RFC 6455, section 5.7: "Hello", masked and not; and an empty close frame.
const std::string kMaskedHello("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
const std::string kHello("\x81\x05Hello", 7);
const std::string kClose("\x88\x00", 2);
// Section 7.4.1: going away, and policy violation.
const std::string kGoingAway("\x88\x02\x03\xe9", 4);
const std::string kPolicyViolation("\x88\x02\x03\xf0", 4);

// A peer that takes the handshake, sends `first` right behind it, and then echoes until the end.
Script echoing_feed(const std::string& fields = kAccept, const std::string& first = {}) {
  return [fields, first](Peer& peer) {
    if (!peer.read_head() || !peer.send(kSwitch + fields + "\r\n" + first)) return;
    std::string& buffer = peer.reader().buffer();
    do {
      if (!buffer.empty() && !peer.send(std::exchange(buffer, {}))) return;
    } while (peer.reader().more());
  };
}

// Takes the handshake and says nothing more.
Script silent_feed() {
  return [](Peer& peer) {
    if (!peer.read_head() || !peer.send(kSwitch + kAccept + "\r\n")) return;
    while (peer.reader().more()) {
    }
  };
}

// A client's side of one WebSocket.
struct Opened {
  explicit Opened(const Gateway& gateway, const std::string& request)
      : socket(Socket::connect(gateway.port())), reader(socket) {
    (void)socket.send(request);
    answer = reader.read_head().value_or(Message{});
  }
  // Waits for so many bytes; fewer if it ends first.
  std::string take(std::size_t bytes) {
    while (reader.buffer().size() < bytes && reader.more()) {
    }
    const std::string taken = reader.buffer().substr(0, bytes);
    reader.buffer().erase(0, taken.size());
    return taken;
  }
  Socket socket;
  MessageReader reader;
  Message answer;
};

class WebSocket : public testing::Test {
 protected:
  static std::string open_request(const std::string& token, const std::string& fields = kHandshake) {
    return request_text("GET", "/feed/red", bearer(token) + fields);
  }
  Upstream upstream_{echoing_feed()};
};

class DevWebSocket : public WebSocket {
 protected:
  std::string request(const std::string& fields = kHandshake) { return open_request(token_, fields); }
  Gateway gateway_{{.contract = kFeeds,
                    .upstream = upstream_.url(),
                    .config = "origins: [\"https://app.example\"]\ntimeouts: {exchange: 1s}\n"}};
  std::string token_ = gateway_.token("alice", "feed:read");
};

TEST_F(DevWebSocket, carries_bytes_both_ways_and_leaves_one_record) {
  upstream_.set_script(echoing_feed(kAccept, kHello));
  std::string id;
  {
    Opened feed(gateway_, request());
    ASSERT_EQ(feed.answer.status(), 101) << feed.answer.head;
    EXPECT_EQ(feed.answer.header("Upgrade"), "websocket");
    EXPECT_EQ(feed.answer.header("Connection"), "Upgrade");
    EXPECT_EQ("Sec-WebSocket-Accept: " + feed.answer.header("Sec-WebSocket-Accept") + "\r\n", kAccept);
    EXPECT_FALSE(feed.answer.has("Server"));
    EXPECT_FALSE(feed.answer.has("Content-Length"));
    EXPECT_FALSE(feed.answer.has("Transfer-Encoding"));
    EXPECT_EQ(feed.take(kHello.size()), kHello) << "what came behind the upstream's head";
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(feed.socket.send(kMaskedHello));
      ASSERT_EQ(feed.take(kMaskedHello.size()), kMaskedHello);
    }
    EXPECT_TRUE(gateway_.records().empty()) << "it is open";
  }
  Record record = gateway_.wait_for_records(1).at(0);
  EXPECT_EQ(record["status"], "101");
  EXPECT_EQ(record["upstream_status"], "101");
  EXPECT_EQ(record["operation"], "openFeed");
  EXPECT_EQ(record["subject"], "alice");
  EXPECT_EQ(record["reason"], "");
  EXPECT_EQ(record["request_bytes"], "220");
  EXPECT_EQ(record["response_bytes"], "227");
  EXPECT_EQ(gateway_.records().size(), 1U);

  const Message seen = upstream_.requests().at(0);
  EXPECT_EQ(seen.start_line, "GET /feed/red HTTP/1.1");
  EXPECT_EQ(seen.header("Connection"), "Upgrade");
  EXPECT_EQ(seen.header("Upgrade"), "websocket");
  EXPECT_EQ(seen.header("Caponier-Subject"), "alice");
  EXPECT_EQ("Sec-WebSocket-Key: " + seen.header("Sec-WebSocket-Key") + "\r\n", kKey);
}

TEST_F(DevWebSocket, an_upstream_that_closes_closes_the_client) {
  upstream_.set_script([](Peer& peer) {
    if (peer.read_head()) (void)peer.send(kSwitch + kAccept + "\r\n" + kClose);
  });
  Opened feed(gateway_, request());
  EXPECT_EQ(feed.answer.status(), 101);
  EXPECT_EQ(feed.reader.read_to_end(), kClose);
  EXPECT_EQ(gateway_.record_of(feed.answer)["reason"], "");
}

TEST_F(DevWebSocket, much_goes_through_in_both_directions_at_once) {
  std::string sent(3 * 1024 * 1024, 'x');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 7 % 251);
  Opened feed(gateway_, request());
  ASSERT_EQ(feed.answer.status(), 101);
  std::thread sender([&feed, &sent] { (void)feed.socket.send(sent); });
  EXPECT_TRUE(feed.take(sent.size()) == sent);
  sender.join();
}

TEST_F(DevWebSocket, handshakes_that_are_none_reach_nobody) {
  struct Case {
    const char* what;
    std::string request;
    int status;
    const char* reason;
  };
  const std::string short_key = "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n";
  const Case cases[] = {
      {"a plain request", request(""), 426, "upgrade-required"},
      {"no Connection", request("Upgrade: websocket\r\n" + kVersion + kKey), 426, "upgrade-required"},
      {"another protocol", request("Upgrade: h2c\r\nConnection: Upgrade\r\n" + kVersion + kKey), 426,
       "upgrade-required"},
      {"two protocols", request("Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n" + kVersion + kKey), 426,
       "upgrade-required"},
      {"another version", request(kUpgrade + "Sec-WebSocket-Version: 8\r\n" + kKey), 426, "upgrade-required"},
      {"HTTP/1.0", "GET /feed/red HTTP/1.0\r\nHost: localhost\r\n" + bearer(token_) + kHandshake + "\r\n",
       426, "upgrade-required"},
      {"no key", request(kUpgrade + kVersion), 400, "websocket-handshake-invalid"},
      {"a short key", request(kUpgrade + kVersion + short_key), 400, "websocket-handshake-invalid"},
      {"two keys", request(kHandshake + kKey), 400, "websocket-handshake-invalid"},
      {"a body", request(kHandshake + "Content-Length: 1\r\n") + "x", 400, "websocket-handshake-invalid"},
      {"a page of another site", request(kHandshake + "Origin: https://evil.example\r\n"), 403,
       "origin-not-allowed"},
      {"a page without an origin", request(kHandshake + "Origin: null\r\n"), 403, "origin-not-allowed"},
      {"the host over another scheme", request(kHandshake + "Origin: https://localhost\r\n"), 403,
       "origin-not-allowed"},
      {"two origins", request(kHandshake + "Origin: http://localhost\r\nOrigin: https://evil.example\r\n"),
       403, "origin-not-allowed"},
      {"nobody", request_text("GET", "/feed/red", kHandshake), 401, "credential-missing"},
      {"somebody who may not", open_request(gateway_.token("bob", "other")), 403, "scope-missing"},
      {"a bad parameter", request_text("GET", "/feed/much-too-long", bearer(token_) + kHandshake), 400,
       "parameter-invalid"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    const Message answer = gateway_.ask(c.request);
    EXPECT_EQ(answer.status(), c.status) << answer.body;
    EXPECT_EQ(gateway_.record_of(answer)["reason"], c.reason);
    if (c.status == 426) {
      EXPECT_EQ(answer.header("Upgrade"), "websocket");
      EXPECT_EQ(answer.header("Sec-WebSocket-Version"), "13");
    }
  }
  EXPECT_EQ(upstream_.received(), "");
}

TEST_F(DevWebSocket, pages_of_the_own_host_and_of_listed_origins_may_open_one) {
  for (const char* origin : {"http://localhost", "https://app.example", "https://APP.example"}) {
    Opened feed(gateway_, request(kHandshake + "Origin: " + origin + "\r\n"));
    EXPECT_EQ(feed.answer.status(), 101) << origin;
  }
}

TEST_F(DevWebSocket, an_upgrade_elsewhere_is_not_passed_on_and_not_granted) {
  upstream_.set_script(answering(answer_text(200, "text/plain", "plain")));
  EXPECT_EQ(gateway_.ask(request_text("GET", "/open", kHandshake)).body, "plain");
  EXPECT_FALSE(upstream_.requests().at(0).has("Upgrade"));
  EXPECT_FALSE(upstream_.requests().at(0).has("Connection"));
  Upstream eager(answering(kSwitch + kAccept + "\r\n"));
  Gateway gateway({.contract = kFeeds, .upstream = eager.url()});
  const Message answer = gateway.ask(request_text("GET", "/open", kHandshake));
  EXPECT_EQ(answer.status(), 502);
  EXPECT_EQ(gateway.record_of(answer)["reason"], "upstream-malformed");
}

TEST_F(DevWebSocket, answers_to_a_handshake_that_break_the_rules_are_refused) {
  const std::string broken[] = {
      kSwitch + "\r\n",
      kSwitch + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOp=\r\n\r\n",
      kSwitch + kAccept + kAccept + "\r\n",
      "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n" + kAccept + "\r\n",
      "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n" + kAccept + "\r\n",
      kSwitch + kAccept + "Sec-WebSocket-Protocol: admin\r\n\r\n",
      kSwitch + kAccept + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
      kSwitch + kAccept + "Content-Length: 5\r\n\r\nhello",
      kSwitch + kAccept + "Transfer-Encoding: chunked\r\n\r\n",
  };
  for (const std::string& text : broken) {
    SCOPED_TRACE(text);
    upstream_.set_script(answering(text));
    const Message answer = gateway_.ask(request(kHandshake + "Sec-WebSocket-Protocol: chat\r\n"));
    EXPECT_EQ(answer.status(), 502);
    EXPECT_EQ(gateway_.record_of(answer)["reason"], "upstream-malformed");
  }
}

TEST_F(DevWebSocket, subprotocol_and_extensions_that_were_offered_may_be_chosen) {
  upstream_.set_script(
      echoing_feed(kAccept + "Sec-WebSocket-Protocol: chat\r\n"
                             "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n"));
  Opened feed(gateway_, request(kHandshake +
                                "Sec-WebSocket-Protocol: news, chat\r\n"
                                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"));
  EXPECT_EQ(feed.answer.status(), 101);
  EXPECT_EQ(feed.answer.header("Sec-WebSocket-Protocol"), "chat");
}

TEST_F(DevWebSocket, bytes_behind_a_handshake_that_is_not_granted_are_no_request) {
  upstream_.set_script(answering(answer_text(403, "text/plain", "full")));
  const Socket socket = Socket::connect(gateway_.port());
  ASSERT_TRUE(socket.send(request() + request_text("GET", "/open")));
  MessageReader reader(socket);
  const auto answer = reader.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status(), 403);
  EXPECT_EQ(answer->body, "full");
  EXPECT_EQ(reader.read_to_end(), "");
  EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(DevWebSocket, a_client_that_breaks_off_frees_the_upstream) {
  {
    Opened feed(gateway_, request());
    ASSERT_EQ(feed.answer.status(), 101);
    feed.socket.reset_on_close();
  }
  EXPECT_EQ(gateway_.wait_for_records(1).size(), 1U);
  EXPECT_EQ(gateway_.stop(), 0);
}

TEST_F(DevWebSocket, one_that_is_open_does_not_keep_the_gateway_from_stopping) {
  Gateway gateway({.contract = kFeeds, .upstream = upstream_.url(), .config = "timeouts: {drain: 200ms}\n"});
  Opened feed(gateway, open_request(gateway.token("alice", "feed:read")));
  ASSERT_EQ(feed.answer.status(), 101);
  EXPECT_EQ(gateway.stop(), 0);
  EXPECT_EQ(feed.reader.read_to_end(), kGoingAway);
  EXPECT_EQ(gateway.record_of(feed.answer)["reason"], "draining");
}

TEST_F(WebSocket, is_closed_when_nothing_moves_and_stays_while_one_side_speaks) {
  upstream_.set_script(silent_feed());
  Gateway gateway(
      {.contract = kFeeds, .upstream = upstream_.url(), .config = "timeouts: {stream_idle: 600ms}\n"});
  Opened feed(gateway, open_request(gateway.token("alice", "feed:read")));
  ASSERT_EQ(feed.answer.status(), 101);
  const auto began = Clock::now();
  std::string nothing;
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(feed.socket.send(kMaskedHello));
    (void)feed.socket.receive(nothing, std::chrono::milliseconds(100));
  }
  EXPECT_GT(Clock::now() - began, std::chrono::milliseconds(1100)) << "longer than it may be idle";
  EXPECT_TRUE(gateway.records().empty());
  EXPECT_EQ(feed.reader.read_to_end(), kGoingAway);
  Record record = gateway.record_of(feed.answer);
  EXPECT_EQ(record["reason"], "stream-idle");
  EXPECT_EQ(record["status"], "101");
  EXPECT_EQ(record["request_bytes"], "132");
}

TEST_F(WebSocket, is_closed_when_its_total_time_is_over) {
  Gateway gateway({.contract = kFeeds, .upstream = upstream_.url(), .config = "timeouts: {stream: 500ms}\n"});
  Opened feed(gateway, open_request(gateway.token("alice", "feed:read")));
  ASSERT_EQ(feed.answer.status(), 101);
  EXPECT_EQ(feed.reader.read_to_end(), kGoingAway);
  EXPECT_EQ(gateway.record_of(feed.answer)["reason"], "stream-timeout");
}

TEST_F(DevWebSocket, one_that_is_open_outlives_a_reload) {
  Opened feed(gateway_, request());
  ASSERT_EQ(feed.answer.status(), 101);
  gateway_.process().signal(SIGHUP);
  ASSERT_TRUE(gateway_.process().read_until(
      [this] { return gateway_.process().err().find("generation 2 is in force") != std::string::npos; }));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(feed.socket.send(kMaskedHello));
    ASSERT_EQ(feed.take(kMaskedHello.size()), kMaskedHello);
  }
  EXPECT_TRUE(gateway_.records().empty()) << "it is open";
  EXPECT_EQ(Opened(gateway_, request()).answer.status(), 101) << "and others can be opened";
}

TEST_F(WebSocket, within_a_frame_of_the_api_there_is_no_place_for_a_word_of_ours) {
  upstream_.set_script(echoing_feed(kAccept, kHello + kHello.substr(0, 4)));
  Gateway gateway({.contract = kFeeds, .upstream = upstream_.url(), .config = "timeouts: {stream: 500ms}\n"});
  Opened feed(gateway, open_request(gateway.token("alice", "feed:read")));
  ASSERT_EQ(feed.answer.status(), 101);
  EXPECT_EQ(feed.reader.read_to_end(), kHello + kHello.substr(0, 4));
  EXPECT_EQ(gateway.record_of(feed.answer)["reason"], "stream-timeout");
}

TEST_F(WebSocket, a_frame_that_the_client_got_in_part_is_not_ended_by_a_word_of_ours) {
  // Many frames of 64 KB: the piece that is stuck may begin between two of them.
  const std::string frame = std::string("\x82\x7f\0\0\0\0\0\1\0\0", 10) + std::string(65'536, 'x');
  upstream_.set_script([frame](Peer& peer) {
    if (!peer.read_head() || !peer.send(kSwitch + kAccept + "\r\n")) return;
    while (peer.send(frame)) continue;
  });
  Gateway gateway({.contract = kFeeds,
                   .upstream = upstream_.url(),
                   .config = "timeouts: {write_progress: 1s, drain: 300ms}\n"});
  Opened feed(gateway, open_request(gateway.token("alice", "feed:read")));
  ASSERT_EQ(feed.answer.status(), 101);
  // The client takes nothing, and the gateway stops meanwhile.
  EXPECT_EQ(gateway.stop(), 0);
  const std::string all = feed.reader.read_to_end();
  std::size_t at = 0;
  while (all.size() - at >= frame.size()) {
    ASSERT_EQ(all.compare(at, 10, frame, 0, 10), 0) << at;
    at += frame.size();
  }
  EXPECT_TRUE(frame.starts_with(std::string_view(all).substr(at))) << "nothing stands behind what was cut";
}

TEST_F(WebSocket, behind_the_api_s_close_frame_nothing_is_added) {
  upstream_.set_script(echoing_feed(kAccept, kClose));
  Gateway gateway({.contract = kFeeds, .upstream = upstream_.url(), .config = "timeouts: {stream: 500ms}\n"});
  Opened feed(gateway, open_request(gateway.token("alice", "feed:read")));
  ASSERT_EQ(feed.answer.status(), 101);
  EXPECT_EQ(feed.reader.read_to_end(), kClose);
}

TEST_F(WebSocket, is_closed_when_the_token_expires) {
  const Issuer issuer(kIssuerName);
  Gateway gateway({.contract = kFeeds,
                   .upstream = upstream_.url(),
                   .config = "hosts: [localhost]\nissuers:\n  - {issuer: \"" + std::string(kIssuerName) +
                             "\", audiences: [api], jwks_file: keys.json, leeway: 0s}\n",
                   .dev = false,
                   .files = {{"keys.json", issuer.key_set()}}});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Opened feed(gateway, open_request(issuer.token("alice", "feed:read", 3)));
  ASSERT_EQ(feed.answer.status(), 101) << feed.answer.head;
  ASSERT_TRUE(feed.socket.send(kMaskedHello));
  EXPECT_EQ(feed.take(kMaskedHello.size()), kMaskedHello);
  EXPECT_EQ(feed.reader.read_to_end(), kPolicyViolation);
  Record record = gateway.record_of(feed.answer);
  EXPECT_EQ(record["reason"], "token-expired");
  EXPECT_EQ(record["status"], "101");
}

TEST(WebSocketDocument, check_shows_it_and_refuses_what_cannot_be_one) {
  TestFolder folder;
  const Finished shown = run_caponier(
      {"check", "--dev", "--upstream", "http://127.0.0.1:9", "--contract", folder.write("api.yaml", kFeeds)});
  EXPECT_EQ(shown.status, 1) << "--dev is a finding: " << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("WebSocket"));
  std::string wrong = kFeeds;
  wrong.replace(wrong.find("    get:"), 8, "    post:");
  wrong.replace(wrong.find("{description: the feed}"), 23, "{description: x, content: {text/plain: {}}}");
  const Finished refused = run_caponier({"check", "--dev", "--upstream", "http://127.0.0.1:9", "--contract",
                                         folder.write("wrong.yaml", wrong)});
  EXPECT_NE(refused.status, 0);
  const std::string all = refused.out + refused.err;
  EXPECT_THAT(all, HasSubstr("wrong.yaml:11:"));
  EXPECT_THAT(all, HasSubstr("opened by GET alone"));
  EXPECT_THAT(all, HasSubstr("101 has no body"));
}

}  // namespace
}  // namespace caponier::e2e
