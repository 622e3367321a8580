// Bytes that are meant to be read in two ways, or never to end. Each is refused with a status of its own,
// leaves exactly one record, and the upstream hears nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kBytesType = "Content-Type: application/octet-stream\r\n";

struct Case {
  const char* attack;
  std::string bytes;
  int status;
};

std::string post(const std::string& fields, const std::string& rest = {}) {
  return "POST /bytes HTTP/1.1\r\nHost: localhost\r\n" + std::string(kBytesType) + fields + "\r\n" + rest;
}

std::string get(const std::string& fields) {
  return "GET /open HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
}

const std::string kSmuggled = "0\r\n\r\nGET /open HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::vector<Case> framing_attacks() {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  return {
      {"length and chunked", post("Content-Length: 5\r\n" + chunked, kSmuggled), 400},
      {"chunked and length", post(chunked + "Content-Length: 5\r\n", kSmuggled), 400},
      {"two lengths that differ", post("Content-Length: 5\r\nContent-Length: 6\r\n", "12345"), 400},
      {"two lengths in one field", post("Content-Length: 5, 6\r\n", "12345"), 400},
      {"a signed length", post("Content-Length: +5\r\n", "12345"), 400},
      {"a negative length", post("Content-Length: -5\r\n", "12345"), 400},
      {"a hexadecimal length", post("Content-Length: 0x5\r\n", "12345"), 400},
      {"a length that overflows", post("Content-Length: 18446744073709551621\r\n", "12345"), 400},
      {"an empty length", post("Content-Length: \r\n", "12345"), 400},
      {"a misspelt coding", post("Transfer-Encoding: xchunked\r\n", kSmuggled), 501},
      {"an unknown coding before chunked", post("Transfer-Encoding: gzip, chunked\r\n", kSmuggled), 501},
      {"chunked, not at the end", post("Transfer-Encoding: chunked, identity\r\n", kSmuggled), 501},
      {"chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", kSmuggled), 501},
      {"chunked in two fields", post(chunked + chunked, kSmuggled), 501},
      {"a coding in quotes", post("Transfer-Encoding: \"chunked\"\r\n", kSmuggled), 501},
      {"a vertical tab before the coding",
       post("Transfer-Encoding: \x0b"
            "chunked\r\n",
            kSmuggled),
       400},
      {"whitespace before the colon", post("Transfer-Encoding : chunked\r\n", kSmuggled), 400},
      {"a folded coding", post("Transfer-Encoding:\r\n chunked\r\n", kSmuggled), 400},
      {"chunked in HTTP/1.0",
       "POST /bytes HTTP/1.0\r\nHost: localhost\r\n" + std::string(kBytesType) + chunked + "\r\n" + kSmuggled,
       501},
  };
}

std::vector<Case> head_attacks() {
  return {
      {"a folded field", get("X-A: b\r\n c\r\n"), 400},
      {"a first field that is folded", "GET /open HTTP/1.1\r\n X: y\r\nHost: localhost\r\n\r\n", 400},
      {"bare line feeds", "GET /open HTTP/1.1\nHost: localhost\n\n", 400},
      {"one bare line feed", get("X-A: b\nX-B: c\r\n"), 400},
      {"a bare carriage return", get("X-A: b\rX-B: c\r\n"), 400},
      {"a space in a field name", get("X A: b\r\n"), 400},
      {"no colon", get("X-A\r\n"), 400},
      {"an empty field name", get(": b\r\n"), 400},
      {"a zero byte in a value", get(std::string("X-A: b\0c\r\n", 10)), 400},
      {"an escape in a value", get("X-A: \x1b[31m\r\n"), 400},
      {"a zero byte in a name", get(std::string("X\0A: b\r\n", 8)), 400},
      {"no host", "GET /open HTTP/1.1\r\n\r\n", 400},
      {"two hosts", get("Host: localhost\r\n"), 400},
      {"a host with a path", "GET /open HTTP/1.1\r\nHost: localhost/x\r\n\r\n", 400},
      {"a host with a user", "GET /open HTTP/1.1\r\nHost: a@localhost\r\n\r\n", 400},
      {"a host with a comma", "GET /open HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n", 400},
      {"an empty host", "GET /open HTTP/1.1\r\nHost: \r\n\r\n", 400},
      {"another host", "GET /open HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
      {"a target with a scheme", "GET http://other/open HTTP/1.1\r\nHost: other\r\n\r\n", 421},
      {"a target that contradicts the host", "GET http://other/open HTTP/1.1\r\nHost: localhost\r\n\r\n",
       400},
      {"a target without a slash", "GET open HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"a target with a fragment", "GET /open#x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"a target with raw bytes", "GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"a connect", "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"two spaces", "GET  /open HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"a tab", "GET\t/open HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"a space in front", " GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"no version", "GET /open\r\nHost: localhost\r\n\r\n", 400},
      {"HTTP/2 in words", "GET /open HTTP/2.0\r\nHost: localhost\r\n\r\n", 505},
      {"HTTP/1.2", "GET /open HTTP/1.2\r\nHost: localhost\r\n\r\n", 505},
      {"a lower-case version", "GET /open http/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"another expectation", post("Expect: 200-ok\r\nContent-Length: 1\r\n", "x"), 417},
      {"random bytes", "\x16\x03\x01\x02\x05\x01\r\n\r\n", 400},
      {"a request line past its limit",
       "GET /open?q=" + std::string(9'000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414},
      {"a field past its limit", get("X-A: " + std::string(17'000, 'x') + "\r\n"), 431},
      {"a head past its limit",
       get("X-A: " + std::string(15'000, 'x') + "\r\nX-B: " + std::string(15'000, 'x') +
           "\r\nX-C: " + std::string(5'000, 'x') + "\r\n"),
       431},
      {"too many fields", get([] {
         std::string fields;
         for (int i = 0; i < 101; ++i) fields += "X-" + std::to_string(i) + ": 1\r\n";
         return fields;
       }()),
       431},
  };
}

class HostileBytes : public testing::Test {
 protected:
  void expect_refused(const std::vector<Case>& cases) {
    std::size_t records = 0;
    for (const Case& c : cases) {
      SCOPED_TRACE(c.attack);
      const Socket socket = Socket::connect(gateway_.port());
      (void)socket.send(c.bytes);
      MessageReader reader(socket);
      const auto answer = reader.read_answer();
      if (!answer) {
        ADD_FAILURE() << "no answer";
        continue;
      }
      EXPECT_EQ(answer->status(), c.status) << answer->body;
      EXPECT_THAT(answer->header("Content-Type"), testing::AnyOf("application/problem+json", ""));
      // Nothing behind it is a request.
      if (c.status != 421) {
        EXPECT_EQ(reader.read_to_end(), "");
      }
      Record record = gateway_.record_of(*answer);
      EXPECT_EQ(record["status"], std::to_string(c.status));
      EXPECT_NE(record["reason"], "");
      EXPECT_EQ(gateway_.wait_for_records(++records).size(), records);
      EXPECT_EQ(upstream_.received(), "");
    }
    EXPECT_EQ(gateway_.ask(request_text("GET", "/open")).status(), 200) << "the service goes on";
  }
  Upstream upstream_{echoing()};
  Gateway gateway_{{.contract = kContract, .upstream = upstream_.url()}};
};

TEST_F(HostileBytes, framing_that_could_be_read_in_two_ways_is_refused) {
  expect_refused(framing_attacks());
}

TEST_F(HostileBytes, heads_that_could_be_read_in_two_ways_are_refused) {
  expect_refused(head_attacks());
}

TEST_F(HostileBytes, chunks_that_could_be_read_in_two_ways_break_the_exchange) {
  const char* const bodies[] = {"5;ext=1\r\nhello\r\n0\r\n\r\n",
                                "0x5\r\nhello\r\n0\r\n\r\n",
                                "5 \r\nhello\r\n0\r\n\r\n",
                                "5\nhello\n0\n\n",
                                "-1\r\n\r\n",
                                "5\r\nhelloX\r\n0\r\n\r\n",
                                "FFFFFFFFFFFFFFFFF\r\n",
                                "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n"};
  std::size_t records = 0;
  for (const char* body : bodies) {
    SCOPED_TRACE(body);
    const Message answer = gateway_.ask(post("Transfer-Encoding: chunked\r\n", body));
    EXPECT_EQ(answer.status(), 400);
    EXPECT_EQ(gateway_.wait_for_records(++records).size(), records);
  }
  // The head may have left already, but an upload that breaks off never looks whole.
  for (const Message& request : upstream_.requests()) EXPECT_FALSE(request.complete) << request.body;
}

TEST_F(HostileBytes, a_connection_that_ends_within_a_head_leaves_one_record) {
  {
    const Socket socket = Socket::connect(gateway_.port());
    ASSERT_TRUE(socket.send("GET /open HTT"));
  }
  std::vector<Record> records = gateway_.wait_for_records(1);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["type"], "undecodable");
  EXPECT_EQ(records[0]["reason"], "client-closed");
}

TEST_F(HostileBytes, a_reset_in_the_middle_of_an_upload_is_recorded_and_harms_nobody) {
  {
    Socket socket = Socket::connect(gateway_.port());
    ASSERT_TRUE(socket.send(post("Content-Length: 1000\r\n", "some of it")));
    EXPECT_TRUE(eventually([this] { return upstream_.received().find("some of it") != std::string::npos; }));
    socket.reset_on_close();
  }
  std::vector<Record> records = gateway_.wait_for_records(1);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["reason"], "client-closed");
  EXPECT_EQ(gateway_.ask(request_text("GET", "/open")).status(), 200);
}

class SlowClients : public testing::Test {
 protected:
  Upstream upstream_{echoing()};
  Gateway gateway_{
      {.contract = kContract,
       .upstream = upstream_.url(),
       .config =
           "timeouts: {head: 300ms, body_progress: 300ms, keep_alive_idle: 300ms, handshake: 300ms}\n"}};
};

TEST_F(SlowClients, a_head_that_drips_in_is_ended) {
  const Socket socket = Socket::connect(gateway_.port());
  MessageReader reader(socket);
  std::string head = "GET /open HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
  const auto began = Clock::now();
  while (reader.buffer().empty() && Clock::now() - began < kPatience) {
    head = socket.send(head) ? "x" : "";
    std::string block;
    if (socket.receive(block, std::chrono::milliseconds(30))) reader.buffer() += block;
    if (head.empty()) break;
  }
  const auto answer = reader.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status(), 408);
  EXPECT_EQ(gateway_.record_of(*answer)["reason"], "request-timeout");
  EXPECT_EQ(upstream_.received(), "");
}

TEST_F(SlowClients, a_connection_without_a_request_is_closed) {
  const Socket socket = Socket::connect(gateway_.port());
  MessageReader reader(socket);
  EXPECT_EQ(reader.read_to_end(), "");
  EXPECT_TRUE(gateway_.records().empty()) << "nothing was asked";
}

TEST_F(SlowClients, an_idle_connection_is_closed_after_its_answer) {
  const Socket socket = Socket::connect(gateway_.port());
  ASSERT_TRUE(socket.send(request_text("GET", "/open")));
  MessageReader reader(socket);
  ASSERT_TRUE(reader.read_answer());
  EXPECT_EQ(reader.read_to_end(), "");
}

TEST_F(SlowClients, a_judged_body_that_stops_is_ended) {
  const std::string fields = bearer(gateway_.token("alice", "items:write")) +
                             "Content-Type: application/json\r\nContent-Length: 50\r\n";
  const Message answer = gateway_.ask(request_text("POST", "/items", fields) + "{\"name\":");
  EXPECT_EQ(answer.status(), 408);
  EXPECT_EQ(upstream_.received(), "");
}

TEST_F(SlowClients, a_streamed_body_that_stops_is_ended_here_and_upstream) {
  const Message answer = gateway_.ask(post("Content-Length: 50\r\n", "some"));
  EXPECT_EQ(answer.status(), 408);
  EXPECT_TRUE(upstream_.requests().size() <= 1 &&
              (upstream_.requests().empty() || !upstream_.requests()[0].complete));
}

TEST_F(SlowClients, many_of_them_hold_nobody_up) {
  std::vector<Socket> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(Socket::connect(gateway_.port()));
    ASSERT_TRUE(slow.back().send("GET /open HTTP/1.1\r\nHost: loc"));
  }
  EXPECT_EQ(gateway_.ask(request_text("GET", "/open")).status(), 200);
  for (const Socket& socket : slow) {
    MessageReader reader(socket);
    const auto answer = reader.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status(), 408);
  }
}

}  // namespace
}  // namespace caponier::e2e
