// Limits as the configuration sets them: what is at the limit passes, what is one past it does not; and the
// bound on all memory in flight, which counts what is made of bodies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

constexpr const char* kApi = R"(openapi: 3.1.0
info: {title: Limits, version: "1"}
servers: [{url: /}]
security: []
components:
  schemas:
    Text: {type: object, properties: {text: {type: string, maxLength: 20000000}}}
paths:
  /ping:
    get: {operationId: ping, x-caponier: {public: {reason: test}}, responses: &any {"200": {description: ok, content: {text/plain: {}}}}}
  /texts:
    post:
      operationId: createText
      x-caponier: {public: {reason: test}, body_bytes_max: 8MiB}
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Text'}}}}
      responses: *any
  /text:
    get:
      operationId: getText
      x-caponier: {public: {reason: test}}
      responses: &text {"200": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Text'}}}}}
  /long:
    get:
      operationId: getLong
      x-caponier: {public: {reason: test}, response: {mode: enforce, bytes_max: 16MiB}}
      responses: *text
  /stripped:
    get:
      operationId: getStripped
      x-caponier: {public: {reason: test}, response: {mode: strip, bytes_max: 16MiB}}
      responses: *text
)";

// JSON of that many bytes.
std::string text_of(std::size_t bytes, std::string_view more = {}) {
  std::string out = R"({"text":")";
  const std::string end = '"' + std::string(more) + '}';
  // One random letter, thrice: little enough to compress, and no block that could be taken twice.
  std::uint32_t state = 1;
  while (out.size() + end.size() < bytes) {
    if (out.size() % 3 == 0) state = state * 1664525U + 1013904223U;
    out += static_cast<char>('a' + (state >> 24) % 26);
  }
  return out + end;
}

// With a comment of `padding` bytes in its header, which is no part of the text.
std::string gzipped(std::string_view text, std::size_t padding = 0) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string comment(padding, 'c');
  gz_header header{};
  header.comment = reinterpret_cast<Bytef*>(comment.data());
  EXPECT_EQ(padding > 0 ? deflateSetHeader(&stream, &header) : Z_OK, Z_OK);
  std::string out(deflateBound(&stream, text.size()) + padding + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

constexpr const char* kJson = "Content-Type: application/json\r\n";
constexpr const char* kGzip = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
constexpr std::size_t kMiB = std::size_t{1024} * 1024;

std::string ok() {
  return answer_text(200, "text/plain", "ok");
}

TEST(ConfiguredLimits, of_the_ratio_of_decoding_hold_to_the_byte) {
  Upstream upstream(answering(ok()));
  Gateway gateway(
      {.contract = kApi, .upstream = upstream.url(), .config = "limits: {forms: {inflate_ratio_max: 20}}\n"});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string text = R"({"text":")" + std::string(200'000 - 11, 'x') + "\"}";
  const std::size_t encoded = gzipped(text).size();
  const std::size_t at_limit = text.size() / 20;
  ASSERT_LT(encoded + 2, at_limit);
  // The comment ends with a byte of its own.
  const auto post = [&](std::size_t bytes) {
    const std::string body = gzipped(text, bytes - encoded - 1);
    EXPECT_EQ(body.size(), bytes);
    return gateway.ask(request_text("POST", "/texts", kGzip, body));
  };
  EXPECT_EQ(post(at_limit).status(), 200);
  const Message past = post(at_limit - 1);
  EXPECT_EQ(past.status(), 413);
  EXPECT_EQ(gateway.record_of(past)["reason"], "body-expands-too-much");
  EXPECT_EQ(upstream.requests().size(), 1U);
}

TEST(ConfiguredLimits, of_judged_answers_hold_to_the_byte) {
  Upstream upstream(answering(ok()));
  Gateway gateway({.contract = kApi,
                   .upstream = upstream.url(),
                   .config = "limits: {memory: {response_buffer_bytes_max: 2KiB}}\n"});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const auto chunked = [](const std::string& body) {
    char size[16];
    (void)std::snprintf(size, sizeof size, "%zx\r\n", body.size());
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
           std::string(size) + body + "\r\n0\r\n\r\n";
  };
  const auto answered = [&](std::string text) {
    upstream.set_script(answering(text.insert(text.find("\r\n") + 2, "Connection: close\r\n")));
    return gateway.ask(request_text("GET", "/text"));
  };
  EXPECT_EQ(answered(answer_text(200, "application/json", text_of(2048))).status(), 200);
  EXPECT_EQ(answered(chunked(text_of(2048))).status(), 200);
  for (const std::string& text :
       {answer_text(200, "application/json", text_of(2049)), chunked(text_of(2049))}) {
    const Message past = answered(text);
    EXPECT_EQ(past.status(), 502);
    Record record = gateway.record_of(past);
    EXPECT_EQ(record["reason"], "response-body-too-large");
    EXPECT_THAT(record["detail"], HasSubstr("2048"));
  }
}

// An upstream whose first answer waits until it is let go.
class Held {
 public:
  explicit Held(std::string answer) : answer_(std::move(answer)) {}
  Script script() {
    return [this](Peer& peer) {
      while (const auto request = peer.read_request()) {
        const bool ping = request->start_line.starts_with("GET /ping");
        if (!ping) {
          arrived_ = true;
          eventually([this] { return released_.load(); });
        }
        if (!peer.send(ping ? ok() : answer_)) return;
      }
    };
  }
  [[nodiscard]] bool arrived() const {
    return eventually([this] { return arrived_.load(); });
  }
  void release() { released_ = true; }

 private:
  std::string answer_;
  std::atomic<bool> arrived_ = false;
  std::atomic<bool> released_ = false;
};

TEST(MemoryInFlight, counts_what_a_body_becomes_when_it_is_decoded) {
  const std::string large = text_of(7 * kMiB);
  const std::string small = gzipped(large);
  ASSERT_LT(small.size(), 3 * kMiB);
  struct Case {
    const char* fields;
    std::string body;
    int others;
  };
  // The same number of bytes on the wire: what is in flight differs by what became of them.
  for (const Case& c : {Case{kJson, text_of(small.size()), 200}, Case{kGzip, small, 503}}) {
    Held held(ok());
    Upstream upstream(held.script());
    Gateway gateway({.contract = kApi,
                     .upstream = upstream.url(),
                     .config = "limits: {memory: {in_flight_bytes_max: 8MiB}}\n"});
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    const Socket socket = Socket::connect(gateway.port());
    ASSERT_TRUE(socket.send(request_text("POST", "/texts", c.fields, c.body)));
    ASSERT_TRUE(held.arrived()) << c.fields;
    const Message other = gateway.ask(request_text("GET", "/ping"));
    EXPECT_EQ(other.status(), c.others) << c.fields;
    if (c.others == 503) {
      EXPECT_EQ(gateway.record_of(other)["reason"], "overloaded");
      EXPECT_EQ(other.header("Retry-After"), "1");
    }
    held.release();
    MessageReader reader(socket);
    const auto answer = reader.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status(), 200);
    EXPECT_TRUE(eventually([&gateway] { return gateway.ask(request_text("GET", "/ping")).status() == 200; }));
  }
}

TEST(MemoryInFlight, counts_what_an_answer_becomes_when_it_is_stripped) {
  // More than the sockets between hold, so that it waits for a client that does not read.
  const std::string body = text_of(12 * kMiB, R"(,"secret":"x")");
  struct Case {
    const char* path;
    std::string body;
    int others;
  };
  for (const Case& c : {Case{"/long", text_of(12 * kMiB), 200}, Case{"/stripped", body, 503}}) {
    Held held(answer_text(200, "application/json", c.body));
    held.release();
    Upstream upstream(held.script());
    // The answer itself is counted as the room that was made for it, up to twice its size.
    Gateway gateway({.contract = kApi,
                     .upstream = upstream.url(),
                     .config = "limits: {memory: {in_flight_bytes_max: 27MiB}}\n"});
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    const Socket socket = Socket::connect(gateway.port());
    ASSERT_TRUE(socket.send(request_text("GET", c.path)));
    MessageReader reader(socket);
    const auto head = reader.read_head();
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status(), 200);
    EXPECT_EQ(gateway.ask(request_text("GET", "/ping")).status(), c.others) << c.path;
    Message answer = *head;
    reader.read_body(answer, false);
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.body.find("secret"), std::string::npos);
    EXPECT_TRUE(eventually([&gateway] { return gateway.ask(request_text("GET", "/ping")).status() == 200; }));
  }
}

}  // namespace
}  // namespace caponier::e2e
