// Bodies in both directions: framing, bounds, streaming, and answers that break off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kMiB = std::size_t{1024} * 1024;
constexpr const char* kBytesType = "Content-Type: application/octet-stream\r\n";
constexpr const char* kJsonType = "Content-Type: application/json\r\n";

// Not compressible into a pattern that a lost or doubled block could keep.
std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  std::uint32_t state = 1;
  for (char& c : text) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24);
  return text;
}

class Bodies : public testing::Test {
 protected:
  explicit Bodies(Script script = echoing()) : upstream_(std::move(script)) {}
  std::string writer() { return bearer(gateway_.token("alice", "items:write")); }
  Upstream upstream_;
  Gateway gateway_{{.contract = kContract, .upstream = upstream_.url()}};
};

TEST_F(Bodies, pipelined_requests_in_one_write_are_answered_in_order) {
  const Socket socket = Socket::connect(gateway_.port());
  const std::string fields = writer() + kJsonType;
  std::string all;
  for (int i = 0; i < 20; ++i) {
    all += request_text("POST", "/items", fields, R"({"name":"n)" + std::to_string(i) + "\"}");
    all += request_text("GET", "/nowhere");
  }
  ASSERT_TRUE(socket.send(all));
  MessageReader reader(socket);
  for (int i = 0; i < 20; ++i) {
    const auto first = reader.read_answer();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->status(), 200) << first->body;
    EXPECT_EQ(first->body, R"({"name":"n)" + std::to_string(i) + "\"}");
    const auto second = reader.read_answer();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->status(), 404);
  }
  EXPECT_EQ(gateway_.wait_for_records(40).size(), 40U);
}

TEST_F(Bodies, a_request_that_comes_byte_by_byte_is_the_same_request) {
  const Socket socket = Socket::connect(gateway_.port());
  const std::string text =
      request_text("POST", "/items", writer() + kJsonType + "Transfer-Encoding: chunked\r\n") +
      "3\r\n{\"n\r\n0A\r\name\":\"abc\"\r\n1\r\n}\r\n0\r\n\r\n";
  for (const char c : text) ASSERT_TRUE(socket.send({&c, 1}));
  MessageReader reader(socket);
  const auto answer = reader.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status(), 200) << answer->body;
  EXPECT_EQ(answer->body, R"({"name":"abc"})");
}

TEST_F(Bodies, head_is_answered_without_a_body_and_the_connection_goes_on) {
  upstream_.set_script(answering("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n"));
  const Socket socket = Socket::connect(gateway_.port());
  ASSERT_TRUE(socket.send(request_text("HEAD", "/open") + request_text("HEAD", "/nowhere") +
                          request_text("HEAD", "/open")));
  MessageReader reader(socket);
  for (const int status : {200, 404, 200}) {
    const auto answer = reader.read_answer(true);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status(), status);
    EXPECT_NE(answer->header("Content-Length"), "0");
  }
}

TEST_F(Bodies, continue_is_said_only_to_callers_who_may_write) {
  struct Case {
    std::string fields;
    int status;
  };
  const std::string body = R"({"name":"x"})";
  const std::string expecting =
      std::string(kJsonType) + "Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size());
  const Case cases[] = {{"", 401},
                        {bearer(gateway_.token("alice", "items:read")), 403},
                        {"Authorization: Bearer nonsense\r\n", 401}};
  for (const Case& c : cases) {
    const Socket socket = Socket::connect(gateway_.port());
    ASSERT_TRUE(socket.send(request_text("POST", "/items", c.fields + expecting + "\r\n")));
    MessageReader reader(socket);
    const auto head = reader.read_head();
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status(), c.status);
  }
  EXPECT_EQ(upstream_.received(), "");

  const Socket socket = Socket::connect(gateway_.port());
  ASSERT_TRUE(socket.send(request_text("POST", "/items", writer() + expecting + "\r\n")));
  MessageReader reader(socket);
  const auto invitation = reader.read_head();
  ASSERT_TRUE(invitation);
  EXPECT_EQ(invitation->start_line, "HTTP/1.1 100 Continue");
  ASSERT_TRUE(socket.send(body));
  const auto answer = reader.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status(), 200);
  EXPECT_EQ(answer->body, body);
}

TEST_F(Bodies, one_byte_over_the_bound_is_refused_by_length_and_by_count) {
  const std::string fields = writer() + kJsonType;
  const auto body_of = [](std::size_t bytes) {
    return R"({"name":")" + std::string(bytes - 11, 'x') + "\"}";
  };
  const auto chunked = [&](const std::string& body) {
    char size[16];
    (void)std::snprintf(size, sizeof size, "%zx\r\n", body.size());
    return request_text("POST", "/items", fields + "Transfer-Encoding: chunked\r\n") + size + body +
           "\r\n0\r\n\r\n";
  };
  EXPECT_EQ(gateway_.ask(request_text("POST", "/items", fields, body_of(1024))).status(), 200);
  EXPECT_EQ(gateway_.ask(chunked(body_of(1024))).status(), 200);
  EXPECT_EQ(upstream_.requests().size(), 2U);
  EXPECT_EQ(gateway_.ask(request_text("POST", "/items", fields, body_of(1025))).status(), 413);
  EXPECT_EQ(gateway_.ask(chunked(body_of(1025))).status(), 413);
  EXPECT_EQ(upstream_.requests().size(), 2U);
  // Told at once, not after the body.
  const Message early = gateway_.ask(request_text("POST", "/items", fields + "Content-Length: 10000000\r\n"));
  EXPECT_EQ(early.status(), 413);
}

TEST_F(Bodies, what_the_schema_does_not_allow_does_not_leave) {
  const std::string fields = writer();
  struct Case {
    const char* type;
    const char* body;
    int status;
  };
  const Case cases[] = {
      {kJsonType, R"({"name":"x","isAdmin":true})", 400},
      {kJsonType, R"({"name":7})", 400},
      {kJsonType, R"({})", 400},
      {kJsonType, R"({"name":"x","name":"y"})", 400},
      {kJsonType, R"({"name":"x"} trailing)", 400},
      {kJsonType, R"({"name":)", 400},
      {kJsonType, "", 400},
      {"Content-Type: text/plain\r\n", R"({"name":"x"})", 415},
      {"", R"({"name":"x"})", 415},
      {"Content-Type: application/json\r\nContent-Encoding: br\r\n", R"({"name":"x"})", 415},
      {"Content-Type: application/json\r\nContent-Encoding: gzip\r\n", R"({"name":"x"})", 400}};
  for (const Case& c : cases) {
    const Message answer = gateway_.ask(request_text("POST", "/items", fields + c.type, c.body));
    EXPECT_EQ(answer.status(), c.status) << c.type << c.body;
  }
  EXPECT_EQ(upstream_.received(), "");
}

TEST_F(Bodies, a_schema_error_names_pointer_and_rule_and_never_the_value) {
  const Message answer = gateway_.ask(
      request_text("POST", "/items", writer() + kJsonType, R"({"name":"x","password":"hunter2hunter2"})"));
  EXPECT_EQ(answer.status(), 400);
  EXPECT_THAT(answer.body, HasSubstr(R"("pointer":"/password")"));
  EXPECT_THAT(answer.body, HasSubstr("maxLength"));
  EXPECT_THAT(answer.body, Not(HasSubstr("hunter2")));
}

// Answers while it reads: both directions are open at once.
void echo_as_it_comes(Peer& peer) {
  const auto head = peer.read_head();
  if (!head) return;
  std::size_t left = std::strtoul(head->header("Content-Length").c_str(), nullptr, 10);
  if (!peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
                 std::to_string(left) + "\r\n\r\n")) {
    return;
  }
  MessageReader& reader = peer.reader();
  while (left > 0) {
    if (reader.buffer().empty() && !reader.more()) return;
    const std::string block = std::exchange(reader.buffer(), {});
    if (!peer.send(block)) return;
    left -= block.size();
  }
}

TEST_F(Bodies, bytes_stream_in_both_directions_at_once_in_bounded_memory) {
  upstream_.set_script(echo_as_it_comes);
  const std::string body = pattern(20 * kMiB);
  const Socket socket = Socket::connect(gateway_.port());
  std::thread sender([&] { EXPECT_TRUE(socket.send(request_text("POST", "/bytes", kBytesType, body))); });
  MessageReader reader(socket);
  const auto answer = reader.read_answer();
  sender.join();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status(), 200);
  EXPECT_TRUE(answer->complete);
  EXPECT_TRUE(answer->body == body) << "bytes were lost, doubled or moved";
  EXPECT_TRUE(kSanitized || peak_kib(gateway_.process().pid()) < 40U * 1024)
      << "the body was held as a whole";
}

TEST_F(Bodies, a_chunked_upload_streams_and_is_whole) {
  const std::string body = pattern(3 * kMiB);
  std::string text =
      request_text("POST", "/bytes", std::string(kBytesType) + "Transfer-Encoding: chunked\r\n");
  for (std::size_t at = 0; at < body.size(); at += 70'000) {
    const std::string block = body.substr(at, 70'000);
    char size[16];
    (void)std::snprintf(size, sizeof size, "%zX\r\n", block.size());
    text += size + block + "\r\n";
  }
  const Message answer = gateway_.ask(text + "0\r\n\r\n");
  EXPECT_EQ(answer.status(), 200) << answer.body.substr(0, 200);
  EXPECT_TRUE(answer.body == body);
}

TEST_F(Bodies, a_large_chunked_download_is_whole) {
  const std::string body = pattern(8 * kMiB);
  upstream_.set_script([&body](Peer& peer) {
    if (!peer.read_request()) return;
    std::string text =
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < body.size(); at += 99'999) {
      const std::string block = body.substr(at, 99'999);
      char size[16];
      (void)std::snprintf(size, sizeof size, "%zx\r\n", block.size());
      text += size + block + "\r\n";
    }
    (void)peer.send(text + "0\r\n\r\n");
  });
  const Message answer = gateway_.ask(request_text("GET", "/bytes"));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_TRUE(answer.complete);
  EXPECT_TRUE(answer.body == body);
}

TEST_F(Bodies, an_answer_without_a_length_ends_cleanly_for_the_client) {
  upstream_.set_script([](Peer& peer) {
    if (peer.read_request())
      (void)peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end");
  });
  const Message answer = gateway_.ask(request_text("GET", "/open"));
  EXPECT_EQ(answer.header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.body, "until the end");
  EXPECT_TRUE(answer.complete);
}

TEST_F(Bodies, an_answer_that_breaks_off_never_looks_whole) {
  const char* const broken[] = {
      "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nonly this",
      "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\nhello\r\n",
      "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\nhello\r\nxyz\r\n",
  };
  for (const char* text : broken) {
    upstream_.set_script([text](Peer& peer) {
      if (peer.read_request()) (void)peer.send(text);
    });
    const CurlResult result = curl({gateway_.url() + "/bytes"});
    Record record = gateway_.record_of(result.answer);
    EXPECT_NE(record["reason"], "") << text;
    // What is noticed before the head has left is an answer of its own.
    if (result.answer.status() == 502) continue;
    EXPECT_NE(result.exit_status, 0) << text;
    EXPECT_EQ(record["aborted"], "true") << text;
  }
}

TEST_F(Bodies, an_answer_that_is_not_declared_does_not_leave) {
  struct Case {
    std::string answer;
    const char* reason;
  };
  const Case cases[] = {
      {answer_text(500, "text/plain", "stack trace"), "response-status-undeclared"},
      {answer_text(302, "text/plain", "stack trace"), "response-status-undeclared"},
      {answer_text(200, "text/html", "stack trace"), "response-media-type-undeclared"},
      {answer_text(200, "", "stack trace"), "response-media-type-undeclared"},
      {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\nContent-Length: "
       "11\r\n\r\nstack trace",
       "response-media-type-undeclared"},
  };
  for (const Case& c : cases) {
    upstream_.set_script(answering(c.answer));
    const Message answer = gateway_.ask(request_text("GET", "/open"));
    EXPECT_EQ(answer.status(), 502) << c.answer;
    EXPECT_THAT(answer.body, Not(HasSubstr("stack trace")));
    Record record = gateway_.record_of(answer);
    EXPECT_EQ(record["reason"], c.reason);
    EXPECT_EQ(record["stage"], "check");
  }
}

TEST_F(Bodies, an_answer_loses_what_discloses_the_upstream) {
  upstream_.set_script(answering(
      "HTTP/1.1 200 OK\r\nServer: secretd/1.2\r\nX-Powered-By: PHP\r\nVia: 1.1 inner\r\nX-Kept: yes\r\n"
      "Connection: X-Hop\r\nX-Hop: 1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"));
  const Message answer = gateway_.ask(request_text("GET", "/open"));
  EXPECT_EQ(answer.status(), 200);
  for (const char* name : {"Server", "X-Powered-By", "Via", "X-Hop"}) EXPECT_FALSE(answer.has(name)) << name;
  EXPECT_EQ(answer.header("X-Kept"), "yes");
  EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
}

}  // namespace
}  // namespace caponier::e2e
