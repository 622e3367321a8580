#include <gtest/gtest.h>

#include <string>

#include "http/h1_decoder.h"

namespace caponier::http {
namespace {

std::string decode(std::string_view bytes, Method request, bool byte_by_byte, const HttpLimits& limits = {}) {
  ResponseDecoder decoder(limits);
  decoder.begin(request);
  for (std::size_t size = byte_by_byte ? 1 : bytes.size(); size <= bytes.size(); ++size) {
    const auto outcome = decoder.feed(bytes.substr(0, size));
    if (!outcome) return std::string(name(outcome.error()));
    if (*outcome == HeadStatus::kNeedMore) continue;
    const ResponseHead& head = decoder.head();
    const char* const kinds[] = {"none", "length", "chunked", "until-close"};
    return std::to_string(head.status) + " " + kinds[static_cast<int>(head.body.kind)] + " " +
           std::to_string(head.body.bytes) + (head.keep_alive ? " keep" : " close");
  }
  return "need more";
}

struct Case {
  const char* what;
  std::string bytes;
  Method request;
  std::string expected;
};

std::vector<Case> framing_cases() {
  using enum Method;
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  return {
      {"length", ok + "Content-Length: 5\r\n\r\n", kGet, "200 length 5 keep"},
      {"chunked", ok + "Transfer-Encoding: chunked\r\n\r\n", kGet, "200 chunked 0 keep"},
      {"until close", ok + "\r\n", kGet, "200 until-close 0 close"},
      {"head with a length", ok + "Content-Length: 5\r\n\r\n", kHead, "200 none 5 keep"},
      {"head with chunked", ok + "Transfer-Encoding: chunked\r\n\r\n", kHead, "200 none 0 keep"},
      {"not modified with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", kGet,
       "304 none 0 keep"},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", kGet, "204 none 0 keep"},
      {"no content with length zero", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", kGet,
       "204 none 0 keep"},
      {"continue", "HTTP/1.1 100 Continue\r\n\r\n", kPost, "100 none 0 keep"},
      {"close", ok + "Content-Length: 0\r\nConnection: close\r\n\r\n", kGet, "200 length 0 close"},
      {"http 1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", kGet, "200 length 1 close"},
      {"http 1.0 with keep-alive", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n",
       kGet, "200 length 1 keep"},
      {"empty reason", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\n", kGet, "200 length 1 keep"},
      {"no reason and no space", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\n", kGet, "200 length 1 keep"},
      {"obs-text and tab in the reason", "HTTP/1.1 404 n\xe3o\tach\xe9\r\nContent-Length: 1\r\n\r\n", kGet,
       "404 length 1 keep"},
      {"obs-text in a value", ok + "X: \xff\r\nContent-Length: 1\r\n\r\n", kGet, "200 length 1 keep"},
  };
}

std::vector<Case> refused_cases() {
  using enum Method;
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  return {
      {"length and chunked", ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", kGet,
       "length-conflict"},
      {"two lengths", ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", kGet, "content-length-bad"},
      {"length list", ok + "Content-Length: 5, 5\r\n\r\n", kGet, "content-length-bad"},
      {"bad length to head", ok + "Content-Length: x\r\n\r\n", kHead, "content-length-bad"},
      {"two codings", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", kGet, "transfer-encoding-bad"},
      {"chunked in http 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", kGet,
       "transfer-encoding-bad"},
      {"no content with a body", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", kGet, "content-length-bad"},
      {"no content chunked", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", kGet,
       "transfer-encoding-bad"},
      {"continue with a body", "HTTP/1.1 100 C\r\nContent-Length: 5\r\n\r\n", kPost, "content-length-bad"},
      {"upgrade nobody asked for", "HTTP/1.1 101 Switching Protocols\r\n\r\n", kGet, "upgrade-unsupported"},
      {"empty line first", "\r\n" + ok + "\r\n", kGet, "status-line"},
      {"not http", "SSH-2.0-OpenSSH\r\n", kGet, "status-line"},
      {"http 2", "HTTP/2 200\r\n\r\n", kGet, "version"},
      {"http 1.2", "HTTP/1.2 200 OK\r\n\r\n", kGet, "version"},
      {"no status", "HTTP/1.1\r\n\r\n", kGet, "status-line"},
      {"two digits", "HTTP/1.1 20 OK\r\n\r\n", kGet, "status-line"},
      {"four digits", "HTTP/1.1 2000 OK\r\n\r\n", kGet, "status-line"},
      {"status 099", "HTTP/1.1 099 X\r\n\r\n", kGet, "status-line"},
      {"status 600", "HTTP/1.1 600 X\r\n\r\n", kGet, "status-line"},
      {"two spaces", "HTTP/1.1  200 OK\r\n\r\n", kGet, "status-line"},
      {"control character in the reason", "HTTP/1.1 200 a\x01\r\n\r\n", kGet, "status-line"},
      {"bare line feed", "HTTP/1.1 200 OK\nX: y\r\n\r\n", kGet, "bare-line-feed"},
      {"bare carriage return", "HTTP/1.1 200 OK\rX: y\r\n\r\n", kGet, "bare-carriage-return"},
      {"folded line", ok + "X: y\r\n z\r\n\r\n", kGet, "obsolete-folding"},
      {"space before the colon", ok + "Content-Length : 5\r\n\r\n", kGet, "header-name"},
      {"nul in a value", ok + std::string("X: \0\r\n\r\n", 8), kGet, "header-value"},
  };
}

TEST(ResponseDecoder, the_length_of_the_body_follows_from_request_status_and_headers) {
  for (const Case& each : framing_cases()) {
    EXPECT_EQ(decode(each.bytes, each.request, false), each.expected) << each.what;
    EXPECT_EQ(decode(each.bytes, each.request, true), each.expected) << each.what;
  }
}

TEST(ResponseDecoder, ambiguous_responses_are_refused) {
  for (const Case& each : refused_cases()) {
    EXPECT_EQ(decode(each.bytes, each.request, false), each.expected) << each.what;
    EXPECT_EQ(decode(each.bytes, each.request, true), each.expected) << each.what;
  }
}

TEST(ResponseDecoder, the_next_response_in_the_buffer_is_left_alone) {
  const HttpLimits limits;
  const std::string first = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string both = first + "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok";
  ResponseDecoder decoder(limits);
  decoder.begin(Method::kPost);
  ASSERT_EQ(*decoder.feed(both), HeadStatus::kComplete);
  EXPECT_EQ(decoder.head().status, 100);
  ASSERT_EQ(decoder.head_bytes(), first.size());
  decoder.begin(Method::kPost);
  ASSERT_EQ(*decoder.feed(std::string_view(both).substr(first.size())), HeadStatus::kComplete);
  EXPECT_EQ(decoder.head().status, 201);
  EXPECT_EQ(decoder.head().find(Field::kContentLength)->value, "2");
}

TEST(ResponseDecoder, a_switch_of_protocols_is_taken_only_where_it_was_asked_for) {
  const HttpLimits limits;
  ResponseDecoder decoder(limits);
  const std::string bytes = "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nrest";
  decoder.begin(Method::kGet, true);
  const auto granted = decoder.feed(bytes);
  ASSERT_TRUE(granted && *granted == HeadStatus::kComplete);
  EXPECT_EQ(decoder.head().status, 101);
  EXPECT_EQ(decoder.head().body.kind, BodyKind::kNone);
  EXPECT_EQ(decoder.head_bytes(), bytes.size() - 4);
  decoder.begin(Method::kGet);
  const auto unasked = decoder.feed(bytes);
  ASSERT_FALSE(unasked);
  EXPECT_EQ(unasked.error(), DecodeError::kUpgradeUnsupported);
}

TEST(ResponseDecoder, each_limit_holds_at_the_limit_and_breaks_one_past_it) {
  HttpLimits limits;
  limits.header_line_bytes_max = 64;
  limits.header_count_max = 4;
  limits.head_bytes_max = 200;
  auto head = [&limits](const std::string& lines) {
    return decode("HTTP/1.1 304 X\r\n" + lines + "\r\n", Method::kGet, false, limits);
  };
  EXPECT_EQ(head("X: " + std::string(61, 'a') + "\r\n"), "304 none 0 keep");
  EXPECT_EQ(head("X: " + std::string(62, 'a') + "\r\n"), "header-too-long");
  EXPECT_EQ(head("A:\r\nA:\r\nA:\r\nA:\r\n"), "304 none 0 keep");
  EXPECT_EQ(head("A:\r\nA:\r\nA:\r\nA:\r\nA:\r\n"), "too-many-headers");
  const std::string line = "X: " + std::string(53, 'a') + "\r\n";
  EXPECT_EQ(head(line + line + "X: " + std::string(61, 'a') + "\r\n"), "304 none 0 keep");
  EXPECT_EQ(head(line + "X" + line + "X: " + std::string(61, 'a') + "\r\n"), "head-too-long");
  EXPECT_EQ(decode("HTTP/1.1 304 " + std::string(51, 'a') + "\r\n\r\n", Method::kGet, false, limits),
            "304 none 0 keep");
  EXPECT_EQ(decode("HTTP/1.1 304 " + std::string(52, 'a') + "\r\n\r\n", Method::kGet, false, limits),
            "status-line");
}

}  // namespace
}  // namespace caponier::http
