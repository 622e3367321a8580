// Answers that go on: event streams, interim answers, trailers, and answers that have no body.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>

#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kDocument = R"(openapi: 3.1.0
info: {title: Streams, version: "1"}
servers: [{url: /}]
security: []
x-caponier: {response: enforce}
paths:
  /events:
    get:
      operationId: getEvents
      x-caponier: {public: {reason: "for everybody"}}
      responses: {"200": {description: ok, content: {text/event-stream: {}}}}
  /thing:
    get:
      operationId: getThing
      x-caponier: {public: {reason: "for everybody"}}
      responses:
        "200":
          description: ok
          headers: {X-Declared: {schema: {type: string}}}
          content: {text/plain: {}, application/json: {schema: {type: object}}}
        "204": {description: nothing}
        "304": {description: as before}
    head:
      operationId: headThing
      x-caponier: {public: {reason: "for everybody"}}
      responses: {"200": {description: ok, content: {text/plain: {}}}}
)";
const std::string kEventsHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string kChunkedHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n";
const std::string kWantsTrailers = "TE: trailers\r\nConnection: TE\r\n";

std::string chunk(const std::string& text) {
  char size[16];
  (void)std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + text + "\r\n";
}

class Streams : public testing::Test {
 protected:
  // The bytes of the answer to a request for /thing.
  std::string bytes_of(const std::string& fields, const std::string& method = "GET") {
    const Socket socket = Socket::connect(gateway_.port());
    (void)socket.send(request_text(method, "/thing", fields + "X-Last: 1\r\n"));
    socket.end_sending();
    MessageReader reader(socket);
    return reader.read_to_end();
  }
  Message ask() { return gateway_.ask(request_text("GET", "/thing")); }
  Upstream upstream_{echoing()};
  Gateway gateway_{
      {.contract = kDocument,
       .upstream = upstream_.url(),
       .config = "timeouts: {exchange: 700ms, stream_idle: 900ms, upstream_first_byte: 300ms}\n"}};
};

TEST_F(Streams, an_event_leaves_while_the_stream_is_open_and_the_stream_outlives_other_exchanges) {
  std::atomic<bool> goes_on = false;
  upstream_.set_script([&goes_on](Peer& peer) {
    if (!peer.read_request() || !peer.send(kEventsHead + chunk("data: 1\n\n"))) return;
    (void)eventually([&goes_on] { return goes_on.load(); });
    (void)peer.send(chunk("data: 2\n\n") + "0\r\n\r\n");
  });
  const Socket socket = Socket::connect(gateway_.port());
  ASSERT_TRUE(socket.send(request_text("GET", "/events")));
  MessageReader reader(socket);
  auto head = reader.read_head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status(), 200);
  while (reader.buffer().find("data: 1\n\n") == std::string::npos) ASSERT_TRUE(reader.more());
  EXPECT_TRUE(gateway_.records().empty()) << "the stream is open";
  // Longer than the upstream may take for a first byte.
  const auto until = Clock::now() + std::chrono::milliseconds(750);
  ASSERT_TRUE(eventually([until] { return Clock::now() > until; }));
  goes_on = true;
  while (reader.buffer().find("0\r\n\r\n") == std::string::npos) ASSERT_TRUE(reader.more());
  EXPECT_THAT(reader.buffer(), HasSubstr("data: 2\n\n"));
  EXPECT_EQ(gateway_.record_of(*head)["reason"], "");
}

TEST_F(Streams, an_event_stream_that_is_silent_is_broken_off) {
  upstream_.set_script([](Peer& peer) {
    if (!peer.read_request() || !peer.send(kEventsHead + chunk("data: 1\n\n"))) return;
    while (peer.reader().more()) {
    }
  });
  const Message answer = gateway_.ask(request_text("GET", "/events"));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_FALSE(answer.complete) << "it never looks whole";
  Record record = gateway_.record_of(answer);
  EXPECT_EQ(record["reason"], "stream-idle");
  EXPECT_EQ(record["aborted"], "true");
}

TEST_F(Streams, trailers_leave_for_those_who_ask_and_never_change_what_was_judged) {
  upstream_.set_script(
      answering(kChunkedHead +
                "X-Checksum: abc\r\nX-Declared: late\r\nContent-Length: 3\r\nSet-Cookie: a=b\r\n"
                "Cache-Control: public\r\nServer: x\r\nX-Powered-By: y\r\nCaponier-Subject: root\r\n"
                "Access-Control-Allow-Origin: *\r\nX-Request-ID: 1\r\nConnection: close\r\n\r\n"));
  const std::string asked = bytes_of(kWantsTrailers);
  EXPECT_THAT(asked, testing::EndsWith("\r\n0\r\nX-Checksum: abc\r\n\r\n"));
  EXPECT_EQ(upstream_.requests().at(0).header("TE"), "trailers");
  EXPECT_EQ(upstream_.requests().at(0).header("Connection"), "TE");
  for (const char* fields :
       {"", "TE: trailers\r\n", "Connection: TE\r\n", "TE: deflate\r\nConnection: TE\r\n"}) {
    EXPECT_THAT(bytes_of(fields), testing::EndsWith("hello\r\n0\r\n\r\n")) << fields;
    EXPECT_FALSE(upstream_.requests().back().has("TE")) << fields;
  }
}

TEST_F(Streams, trailers_are_read_strictly_and_within_their_bound) {
  const std::string at_bound = "X: " + std::string(4096 - 5, 'y') + "\r\n";
  upstream_.set_script(answering(kChunkedHead + at_bound + "\r\n"));
  EXPECT_THAT(bytes_of(kWantsTrailers), testing::EndsWith("0\r\n" + at_bound + "\r\n"));
  for (const std::string& trailers :
       {"X" + at_bound, std::string("X : y\r\n"), std::string("X: y\r\n z\r\n"), std::string("X\r\n"),
        std::string("X: \x01\r\n"), std::string("X: y\n")}) {
    Upstream broken(answering(kChunkedHead + trailers + "\r\n"));
    Gateway gateway({.contract = kDocument, .upstream = broken.url()});
    const Message answer = gateway.ask(request_text("GET", "/thing", kWantsTrailers));
    EXPECT_FALSE(answer.status() == 200 && answer.complete) << trailers;
  }
}

TEST_F(Streams, trailers_of_a_judged_answer_stay_here) {
  upstream_.set_script(
      answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: "
                "chunked\r\n\r\n2\r\n{}\r\n0\r\n"
                "X-Checksum: abc\r\n\r\n"));
  const std::string bytes = bytes_of(kWantsTrailers);
  EXPECT_THAT(bytes, HasSubstr("Content-Length: 2\r\n"));
  EXPECT_THAT(bytes, Not(HasSubstr("X-Checksum")));
}

TEST_F(Streams, interim_answers_are_bounded_and_are_never_the_answer) {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
  std::string sixteen;
  for (int i = 0; i < 8; ++i) sixteen += interim;
  upstream_.set_script(answering(sixteen + answer_text(200, "text/plain", "ok")));
  const std::string bytes = bytes_of("");
  EXPECT_THAT(bytes, testing::StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(bytes, Not(HasSubstr("Link")));
  EXPECT_THAT(bytes, testing::EndsWith("\r\n\r\nok"));
  Upstream chatty(
      answering("HTTP/1.1 102 Processing\r\n\r\n" + sixteen + answer_text(200, "text/plain", "ok")));
  Gateway gateway({.contract = kDocument, .upstream = chatty.url()});
  const Message refused = gateway.ask(request_text("GET", "/thing"));
  EXPECT_EQ(refused.status(), 502);
  EXPECT_EQ(gateway.record_of(refused)["detail"], "too many interim answers");
}

TEST_F(Streams, an_interim_answer_with_a_body_is_refused) {
  upstream_.set_script(
      answering("HTTP/1.1 103 X\r\nContent-Length: 2\r\n\r\nok" + answer_text(200, "text/plain", "x")));
  EXPECT_EQ(ask().status(), 502);
}

TEST_F(Streams, answers_that_have_no_body_carry_none_in_either_direction) {
  // To HEAD: the length of what GET would give, and not a byte of it, even if the upstream sends some.
  upstream_.set_script(answering(answer_text(200, "text/plain", "body")));
  const std::string head = bytes_of("", "HEAD");
  EXPECT_THAT(head, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(head, testing::EndsWith("\r\n\r\n"));
  Upstream empty(answering("HTTP/1.1 204 X\r\n\r\n"));
  Gateway nothing({.contract = kDocument, .upstream = empty.url()});
  const Message none = nothing.ask(request_text("GET", "/thing"));
  EXPECT_EQ(none.status(), 204);
  EXPECT_FALSE(none.has("Content-Length"));
  EXPECT_FALSE(none.has("Transfer-Encoding"));
  Upstream same(answering("HTTP/1.1 304 X\r\nContent-Length: 100\r\nETag: \"1\"\r\n\r\n"));
  Gateway unchanged({.contract = kDocument, .upstream = same.url()});
  const Message as_before = unchanged.ask(request_text("GET", "/thing", "If-None-Match: \"1\"\r\n"));
  EXPECT_EQ(as_before.status(), 304);
  EXPECT_EQ(as_before.header("ETag"), "\"1\"");
  EXPECT_FALSE(as_before.has("Transfer-Encoding"));
}

TEST_F(Streams, a_204_that_announces_a_body_is_refused) {
  for (const char* framing :
       {"Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    Upstream lying(answering("HTTP/1.1 204 X\r\n" + std::string(framing)));
    Gateway gateway({.contract = kDocument, .upstream = lying.url()});
    EXPECT_EQ(gateway.ask(request_text("GET", "/thing")).status(), 502) << framing;
  }
}

}  // namespace
}  // namespace caponier::e2e
