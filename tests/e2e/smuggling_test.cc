// Request smuggling and path confusion, by the names that these attacks go by: what reaches the upstream is
// one canonical request, or nothing. hostile_bytes_test.cc has the framing that is refused outright.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kSmuggled = "GET /items/7 HTTP/1.1\r\nHost: localhost\r\nX-Smuggled: 1\r\n\r\n";
const std::string kBytes = "Content-Type: application/octet-stream\r\n";

class Smuggling : public testing::Test {
 protected:
  // Everything that comes back for `bytes`.
  std::vector<Message> answers_to(const std::string& bytes) {
    const Socket socket = Socket::connect(gateway_.port());
    (void)socket.send(bytes);
    socket.end_sending();
    MessageReader reader(socket);
    std::vector<Message> answers;
    while (auto answer = reader.read_answer()) answers.push_back(std::move(*answer));
    return answers;
  }
  void expect_nothing_smuggled() {
    for (const Message& request : upstream_.requests()) {
      EXPECT_FALSE(request.has("X-Smuggled")) << request.head;
      EXPECT_THAT(request.start_line, Not(HasSubstr("/items")));
    }
  }
  Upstream upstream_{echoing()};
  Gateway gateway_{{.contract = kContract, .upstream = upstream_.url()}};
};

TEST_F(Smuggling, cl_te_reaches_nobody) {
  const auto answers = answers_to(
      request_text("POST", "/bytes", kBytes + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n") +
      "0\r\n\r\n" + kSmuggled);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].status(), 400);
  EXPECT_EQ(upstream_.received(), "");
}

TEST_F(Smuggling, te_cl_reaches_nobody) {
  char size[16];
  (void)std::snprintf(size, sizeof size, "%zx\r\n", kSmuggled.size());
  const auto answers = answers_to(
      request_text("POST", "/bytes", kBytes + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n") + size +
      kSmuggled + "\r\n0\r\n\r\n");
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].status(), 400);
  EXPECT_EQ(upstream_.received(), "");
}

TEST_F(Smuggling, te_te_reaches_nobody_however_the_second_coding_is_hidden) {
  for (const char* hidden :
       {"Transfer-Encoding: x\r\n", "Transfer-encoding: identity\r\n", "Transfer-Encoding:\tchunked\r\n",
        "Transfer-Encoding: chunked \r\n", "Transfer-Encoding: \r\n", "TRANSFER-ENCODING: cow\r\n"}) {
    const auto answers =
        answers_to(request_text("POST", "/bytes", kBytes + "Transfer-Encoding: chunked\r\n" + hidden) +
                   "0\r\n\r\n" + kSmuggled);
    ASSERT_EQ(answers.size(), 1U) << hidden;
    EXPECT_EQ(answers[0].status(), 501) << hidden;
  }
  EXPECT_EQ(upstream_.received(), "");
}

// A header that only a careless upstream takes for Transfer-Encoding does not reach it.
TEST_F(Smuggling, te_in_other_spellings_stays_here) {
  for (const char* spelling : {"Transfer_Encoding: chunked\r\n", "X: y\r\nTransfer_encoding: chunked\r\n"}) {
    const auto answers = answers_to(request_text("POST", "/bytes", kBytes + spelling, kSmuggled));
    ASSERT_EQ(answers.size(), 1U) << spelling;
    EXPECT_EQ(answers[0].status(), 200);
    EXPECT_EQ(answers[0].body, kSmuggled) << "a body is a body";
  }
  EXPECT_THAT(upstream_.received(), Not(HasSubstr("hunked")));
  for (const Message& request : upstream_.requests())
    EXPECT_EQ(request.header("Content-Length"), std::to_string(kSmuggled.size()));
}

TEST_F(Smuggling, cl_0_a_body_where_none_is_declared_is_no_second_request) {
  const auto answers =
      answers_to(request_text("GET", "/open", "", kSmuggled) + request_text("GET", "/open?q=after"));
  ASSERT_GE(answers.size(), 1U);
  EXPECT_EQ(answers[0].status(), 400);
  EXPECT_EQ(gateway_.record_of(answers[0])["reason"], "body-undeclared");
  expect_nothing_smuggled();
  // What is behind the body is the next request, or the connection ends.
  if (answers.size() > 1) {
    EXPECT_EQ(answers[1].status(), 200);
  }
  EXPECT_LE(answers.size(), 2U);
}

TEST_F(Smuggling, zero_cl_an_expectation_does_not_hide_a_length) {
  for (const char* expect :
       {"Expect: 100-continue\r\n", "Expect: x 100-continue\r\n", "Expect:\r\n y: 1\r\n"}) {
    const auto answers = answers_to(request_text("POST", "/bytes", kBytes + std::string(expect), kSmuggled) +
                                    request_text("GET", "/open"));
    ASSERT_GE(answers.size(), 1U) << expect;
    EXPECT_LE(answers.size(), 2U) << expect;
  }
  expect_nothing_smuggled();
}

TEST_F(Smuggling, chunk_sizes_that_overflow_and_extensions_break_the_exchange) {
  for (const char* line : {"10000000000000005\r\n", "00000000000000000\r\n", "5;x\r\n", "5;\n", "5\r\rX",
                           "5_0\r\n", "0x5\r\n", "+5\r\n", "5\n", "\r\n"}) {
    const auto answers =
        answers_to(request_text("POST", "/bytes", kBytes + "Transfer-Encoding: chunked\r\n") + line +
                   "hello\r\n0\r\n\r\n" + kSmuggled);
    ASSERT_EQ(answers.size(), 1U) << line;
    EXPECT_EQ(answers[0].status(), 400) << line;
  }
  expect_nothing_smuggled();
}

TEST_F(Smuggling, request_trailers_are_nobodys_fields) {
  const auto answers = answers_to(
      request_text("POST", "/bytes", kBytes + "Transfer-Encoding: chunked\r\nTrailer: X-Smuggled\r\n") +
      "2\r\nok\r\n0\r\nX-Smuggled: 1\r\nCaponier-Subject: root\r\nAuthorization: x\r\n\r\n");
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].body, "ok");
  for (const char* name : {"X-Smuggled", "Caponier-Subject", "Authorization", "Trailer"})
    EXPECT_THAT(upstream_.received(), Not(HasSubstr(name)));
}

TEST_F(Smuggling, an_absolute_form_becomes_the_canonical_request) {
  const auto answers = answers_to("GET http://LOCALHOST/%6fpen?q=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].status(), 200);
  const Message seen = upstream_.requests().at(0);
  EXPECT_EQ(seen.start_line, "GET /open?q=1 HTTP/1.1");
  EXPECT_EQ(seen.header("Host"), "127.0.0.1:" + std::to_string(upstream_.port()));
}

TEST_F(Smuggling, authorities_that_contradict_each_other_reach_nobody) {
  for (const char* text : {"GET http://other/open HTTP/1.1\r\nHost: localhost\r\n\r\n",
                           "GET http://localhost:81/open HTTP/1.1\r\nHost: localhost\r\n\r\n",
                           "GET http://user@localhost/open HTTP/1.1\r\nHost: localhost\r\n\r\n",
                           "GET http://localhost@other/open HTTP/1.1\r\nHost: localhost\r\n\r\n",
                           "GET http:///open HTTP/1.1\r\nHost: localhost\r\n\r\n",
                           "GET //localhost/open HTTP/1.1\r\nHost: localhost\r\n\r\n"}) {
    const auto answers = answers_to(text);
    ASSERT_EQ(answers.size(), 1U) << text;
    EXPECT_GE(answers[0].status(), 400) << text;
  }
  EXPECT_EQ(upstream_.received(), "");
}

TEST_F(Smuggling, confusing_paths_reach_nobody) {
  for (const char* path : {"//open",
                           "/./open",
                           "/open/.",
                           "/x/../open",
                           "/open/..",
                           "/%2e%2e/open",
                           "/.%2e/open",
                           "/items%2f7",
                           "/items%2F7",
                           "/open;x",
                           "/open;/../items/7",
                           "/items/..;/open",
                           "/items/%3b",
                           "/items\\7",
                           "/items/%5c..%5copen",
                           "/items/%c0%ae%c0%ae",
                           "/items/%c0%af",
                           "/items/%e0%80%af",
                           "/items/%f0%80%80%af",
                           "/items/%ed%a0%80",
                           "/items/%00",
                           "/items/a%00.png",
                           "/items/%0a",
                           "/items/%7f",
                           "/items/%u002e",
                           "/items/%",
                           "/items/%2"}) {
    const auto answers = answers_to(request_text("GET", path));
    ASSERT_EQ(answers.size(), 1U) << path;
    EXPECT_THAT(answers[0].status(), testing::AnyOf(400, 404)) << path;
  }
  EXPECT_EQ(upstream_.received(), "");
}

TEST_F(Smuggling, field_names_that_look_like_others_are_refused_or_dropped) {
  for (const char* field :
       {"Content-Length : 5\r\n", "Content-Length\t: 5\r\n", "\tContent-Length: 5\r\n",
        "Content\x0bLength: 5\r\n", "Content-Length\r: 5\r\n", "(Host): x\r\n", "Host\xc2\xa0: x\r\n"}) {
    const auto answers =
        answers_to("GET /open HTTP/1.1\r\nHost: localhost\r\n" + std::string(field) + "\r\n");
    ASSERT_EQ(answers.size(), 1U) << field;
    EXPECT_EQ(answers[0].status(), 400) << field;
  }
  EXPECT_EQ(upstream_.received(), "");
}

}  // namespace
}  // namespace caponier::e2e
