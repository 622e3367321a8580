// What one client's connection may have in flight: many bodies and answers at a time on HTTP/2, up to the
// bound and one byte past it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "e2e/gateway.h"
#include "e2e/h2_peer.h"
#include "e2e/upstream.h"
#include "http/test_h2.h"

namespace caponier::e2e {
namespace {

using namespace http::h2;
using testing::HasSubstr;

constexpr const char* kApi = R"(openapi: 3.1.0
info: {title: Memory, version: "1"}
servers: [{url: /}]
security: []
components:
  schemas:
    Text: {type: object, properties: {text: {type: string, maxLength: 100000}}}
paths:
  /ping:
    get: {operationId: ping, x-caponier: {public: {reason: test}}, responses: &any {"200": {description: ok, content: {text/plain: {}}}}}
  /texts:
    post:
      operationId: createText
      x-caponier: {public: {reason: test}, body_bytes_max: 40000}
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Text'}}}}
      responses: *any
  /text:
    get:
      operationId: getText
      x-caponier: {public: {reason: test}, response: {mode: enforce, bytes_max: 50000}}
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Text'}}}}}
)";
constexpr const char* kConfig = R"(
listeners: [{listen: 'http://127.0.0.1:0', surface: admin}]
limits:
  memory: {connection_bytes_max: 1MiB, stream_buffer_bytes: 4KiB}
  http2: {stream_window_bytes: 64KiB, output_bytes_max: 16KiB, connection_window_bytes: 2MiB}
)";

constexpr std::size_t kBodyBytes = std::size_t{32} * 1024;
constexpr std::uint32_t kBodies = 32;  // of them, one MiB

std::string text_of(std::size_t bytes) {
  const std::string empty = R"({"text":""})";
  return R"({"text":")" + std::string(bytes - empty.size(), 'x') + "\"}";
}

// Its memory is taken with the head, because its length is known and small.
std::string post(std::uint32_t stream, std::size_t bytes) {
  return headers(stream,
                 request_block({{"content-type", "application/json"}}, "POST", "/texts") +
                     block({{"content-length", std::to_string(bytes)}}),
                 false);
}
std::string get(std::uint32_t stream, std::string_view path) {
  return headers(stream, request_block({}, "GET", path));
}

// All that was sent before has been taken.
void settle(H2Peer& peer) {
  const int before = peer.pings();
  ASSERT_TRUE(peer.send(frame(FrameType::kPing, 0, 0, "question")));
  peer.read_until([&peer, before] { return peer.pings() > before; });
}

class MemoryOfAConnection : public testing::Test {
 protected:
  [[nodiscard]] std::uint64_t in_flight() { return in_flight(gateway_); }
  [[nodiscard]] static std::uint64_t in_flight(Gateway& gateway) {
    const Message metrics = ask(gateway.port_of("admin"), request_text("GET", "/metrics"));
    const std::string name = "\ncaponier_in_flight_bytes ";
    const std::size_t at = metrics.body.find(name);
    return at == std::string::npos ? UINT64_MAX : std::stoull(metrics.body.substr(at + name.size()));
  }
  Upstream upstream_{answering(answer_text(200, "text/plain", "ok"))};
  Gateway gateway_{{.contract = kApi, .upstream = upstream_.url(), .config = kConfig, .tls = true}};
};

// Heads of all bodies but the last, and of a last one of that many bytes; then what became of the last, and
// of one that asks for nothing.
TEST_F(MemoryOfAConnection, holds_many_bodies_up_to_its_bound_and_not_one_byte_past_it) {
  ASSERT_TRUE(gateway_.ready()) << gateway_.process().err();
  struct Case {
    std::size_t last_bytes;
    bool taken;
    int ping;
  };
  for (const Case& c :
       {Case{kBodyBytes - 1, true, 200}, Case{kBodyBytes, true, 503}, Case{kBodyBytes + 1, false, 200}}) {
    H2Peer peer(gateway_.port());
    std::uint32_t stream = 1;
    for (std::uint32_t i = 1; i < kBodies; ++i, stream += 2) ASSERT_TRUE(peer.send(post(stream, kBodyBytes)));
    const std::uint32_t last = stream;
    ASSERT_TRUE(peer.send(post(last, c.last_bytes)));
    settle(peer);
    EXPECT_GE(in_flight(), (kBodies - 1) * kBodyBytes);
    EXPECT_EQ(c.taken ? peer.seen(last).status : peer.answer(last).status, c.taken ? 0 : 503) << c.last_bytes;
    const std::uint32_t ping = stream += 2;
    ASSERT_TRUE(peer.send(get(ping, "/ping")));
    EXPECT_EQ(peer.answer(ping).status, c.ping) << c.last_bytes;
    const std::string body = text_of(kBodyBytes);
    for (std::uint32_t i = 1; i < last; i += 2) {
      for (const std::size_t at : {std::size_t{0}, kBodyBytes / 2})
        ASSERT_TRUE(peer.send(data(i, body.substr(at, kBodyBytes / 2), at > 0)));
      EXPECT_EQ(peer.answer(i).status, 200) << "stream " << i << " beside " << c.last_bytes;
    }
    if (c.taken) {
      const std::string rest = text_of(c.last_bytes);
      ASSERT_TRUE(peer.send(data(last, rest.substr(0, 16'000)) + data(last, rest.substr(16'000, 16'000)) +
                            data(last, rest.substr(32'000), true)));
      EXPECT_EQ(peer.answer(last).status, 200) << c.last_bytes;
    } else {
      EXPECT_EQ(peer.seen(last).headers.at("retry-after"), "1");
    }
    // The connection lives.
    ASSERT_TRUE(peer.send(get(stream += 2, "/ping")));
    EXPECT_EQ(peer.answer(stream).status, 200);
    EXPECT_FALSE(peer.went_away());
    // What is kept for the next exchanges is little.
    EXPECT_TRUE(eventually([this] { return in_flight() < 512 * 1024; })) << in_flight();
  }
  std::size_t shed = 0;
  for (const Record& record : gateway_.wait_for_records(3 * (kBodies + 2))) {
    if (record.contains("reason") && record.at("reason") == "overloaded") {
      ++shed;
      EXPECT_THAT(record.at("detail"), HasSubstr("connection"));
    }
  }
  EXPECT_EQ(shed, 2U);
  EXPECT_TRUE(eventually([this] {
    H2Peer peer(gateway_.port());
    return peer.send(get(1, "/ping")) && peer.answer(1).status == 200 && in_flight() < 64 * 1024;
  })) << in_flight();
}

TEST_F(MemoryOfAConnection, is_not_that_of_another_one) {
  ASSERT_TRUE(gateway_.ready()) << gateway_.process().err();
  H2Peer full(gateway_.port());
  for (std::uint32_t i = 0; i < kBodies; ++i) ASSERT_TRUE(full.send(post(2 * i + 1, kBodyBytes)));
  ASSERT_TRUE(full.send(get(2 * kBodies + 1, "/ping")));
  EXPECT_EQ(full.answer(2 * kBodies + 1).status, 503);
  H2Peer other(gateway_.port());
  ASSERT_TRUE(other.send(get(1, "/ping")));
  EXPECT_EQ(other.answer(1).status, 200);
}

// Each holds its block of the upstream's connection, and what was gathered of its answer.
TEST_F(MemoryOfAConnection, holds_answers_that_are_judged_as_wholes_and_sheds_those_past_its_bound) {
  ASSERT_TRUE(gateway_.ready()) << gateway_.process().err();
  constexpr std::size_t kAnswerBytes = 48'000;
  std::atomic<bool> go = false;
  std::atomic<std::uint32_t> halves = 0;
  upstream_.set_script([&go, &halves](Peer& peer) {
    while (const auto request = peer.read_request()) {
      const std::string answer = answer_text(200, "application/json", text_of(kAnswerBytes));
      if (!peer.send(answer.substr(0, answer.size() - 1))) return;
      ++halves;
      (void)eventually([&go] { return go.load(); });
      if (!peer.send(answer.substr(answer.size() - 1))) return;
    }
  });
  constexpr std::uint32_t kAnswers = 30;
  // One holds three times the bound of its body at most, whatever came together.
  constexpr std::uint32_t kAtLeast = 1024U * 1024U / (3 * 50'000);
  H2Peer peer(gateway_.port());
  for (std::uint32_t i = 0; i < kAnswers; ++i) ASSERT_TRUE(peer.send(get(2 * i + 1, "/text")));
  ASSERT_TRUE(eventually([&halves] { return halves >= kAnswers; }));
  const auto count = [&peer](int status) {
    std::uint32_t found = 0;
    for (std::uint32_t i = 0; i < kAnswers; ++i) found += peer.seen(2 * i + 1).status == status ? 1 : 0;
    return found;
  };
  peer.read_until([&count] { return count(503) > 0; });
  go = true;
  for (std::uint32_t i = 0; i < kAnswers; ++i) (void)peer.answer(2 * i + 1);
  EXPECT_EQ(count(200) + count(503), kAnswers);
  EXPECT_GT(count(503), 0U);
  EXPECT_GE(count(200), kAtLeast);
  EXPECT_LE(count(200) * kAnswerBytes, 1024U * 1024U);
  ASSERT_TRUE(peer.send(get(2 * kAnswers + 1, "/text")));
  EXPECT_EQ(peer.answer(2 * kAnswers + 1).status, 200);
  EXPECT_FALSE(peer.went_away());
}

// The upstream's own connection stays as well.
TEST_F(MemoryOfAConnection, is_given_back_behind_a_large_body_and_a_large_answer) {
  const char* const config = "listeners: [{listen: 'http://127.0.0.1:0', surface: admin}]\n";
  std::string contract = kApi;
  for (const auto& [small, large] : {std::pair{"40000", "8MiB"}, {"50000", "8MiB"}, {"100000", "8000000"}})
    contract.replace(contract.find(small), std::string_view(small).size(), large);
  const std::string large = text_of(4'000'000);
  upstream_.set_script([&large](Peer& peer) {
    while (const auto request = peer.read_request()) {
      const bool asks = request->start_line.starts_with("GET");
      if (!peer.send(asks ? answer_text(200, "application/json", large)
                          : answer_text(200, "text/plain", "ok")))
        return;
    }
  });
  Gateway gateway({.contract = contract, .upstream = upstream_.url(), .config = config});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Socket socket = Socket::connect(gateway.port());
  MessageReader reader(socket);
  for (const std::string& request :
       {request_text("POST", "/texts", "Content-Type: application/json\r\n", large),
        request_text("GET", "/text")}) {
    ASSERT_TRUE(socket.send(request));
    const auto answer = reader.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status(), 200);
    EXPECT_TRUE(eventually([&gateway] { return in_flight(gateway) < 512 * 1024; })) << in_flight(gateway);
  }
}

TEST_F(MemoryOfAConnection, that_one_exchange_of_an_operation_could_pass_is_an_error_at_load) {
  const Gateway low({.contract = kApi,
                     .upstream = upstream_.url(),
                     .config = "limits: {memory: {connection_bytes_max: 700KiB}}\n"});
  EXPECT_FALSE(low.ready());
}

}  // namespace
}  // namespace caponier::e2e
