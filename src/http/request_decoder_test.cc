#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

#include "http/h1_decoder.h"

namespace caponier::http {
namespace {

using Outcome = Result<HeadStatus, DecodeError>;

std::string describe(const Outcome& outcome) {
  if (!outcome) return std::string(name(outcome.error()));
  return *outcome == HeadStatus::kComplete ? "complete" : "need more";
}

std::string describe(const RequestHead& head) {
  std::string text =
      std::string(head.method_text) + " " + std::string(head.target) + " path=" + std::string(head.path) +
      (head.has_query ? "?" : "") + std::string(head.query) + " authority=" + std::string(head.authority) +
      " 1." + std::to_string(head.minor_version) +
      " body=" + std::to_string(static_cast<int>(head.body.kind)) + "," + std::to_string(head.body.bytes) +
      (head.keep_alive ? " keep" : " close") + (head.expects_continue ? " expects" : "") + "\n";
  for (const Header& header : head.headers) {
    text += std::string(header.name) + "=" + std::string(header.value) + "\n";
  }
  return text;
}

// One byte more each time, and in a new place each time, as a growing buffer would have it.
Outcome feed_byte_by_byte(RequestDecoder& decoder, const std::string& bytes, std::unique_ptr<char[]>& place) {
  Outcome outcome = HeadStatus::kNeedMore;
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    auto moved = std::make_unique<char[]>(size);
    std::memcpy(moved.get(), bytes.data(), size);
    place = std::move(moved);
    outcome = decoder.feed({place.get(), size});
    if (!outcome || *outcome == HeadStatus::kComplete) break;
  }
  return outcome;
}

struct Refusal {
  const char* attack;
  std::string bytes;
  DecodeError error;
};

std::string get_with(const std::string& lines) {
  return "GET / HTTP/1.1\r\nHost: a.example\r\n" + lines + "\r\n";
}
std::string post_with(const std::string& lines) {
  return "POST / HTTP/1.1\r\nHost: a.example\r\n" + lines + "\r\n";
}
std::string with_host(const std::string& host) {
  return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}
std::string with_target(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a.example\r\n\r\n";
}

std::vector<Refusal> start_line_refusals() {
  using enum DecodeError;
  const std::string host = "Host: a.example\r\n\r\n";
  return {
      {"tls client hello on a plain port", std::string("\x16\x03\x01\x02\x00\x01", 6), kRequestLine},
      {"empty line before the request", "\r\nGET / HTTP/1.1\r\n" + host, kRequestLine},
      {"bare line feed before the request", "\nGET / HTTP/1.1\r\n" + host, kBareLineFeed},
      {"http 0.9", "GET /\r\n", kRequestLine},
      {"only a word", "GET\r\n" + host, kRequestLine},
      {"leading space", " GET / HTTP/1.1\r\n" + host, kMethod},
      {"two spaces before the target", "GET  / HTTP/1.1\r\n" + host, kRequestLine},
      {"two spaces before the version", "GET /  HTTP/1.1\r\n" + host, kRequestLine},
      {"trailing space", "GET / HTTP/1.1 \r\n" + host, kRequestLine},
      {"space in the target", "GET /a b HTTP/1.1\r\n" + host, kRequestLine},
      {"tab between method and target", "GET\t/ HTTP/1.1\r\n" + host, kRequestLine},
      {"nul in the target", std::string("GET /\0 HTTP/1.1\r\n", 17) + host, kRequestLine},
      {"method is no token", "G(T / HTTP/1.1\r\n" + host, kMethod},
      {"method with a colon", "GET: / HTTP/1.1\r\n" + host, kMethod},
      {"bare line feed ends the line", "GET / HTTP/1.1\nHost: a\r\n\r\n", kBareLineFeed},
      {"bare carriage return in the line", "GET / HTTP/1.1\rX\r\n" + host, kBareCarriageReturn},
      {"two carriage returns", "GET / HTTP/1.1\r\r\n" + host, kBareCarriageReturn},
      {"http 2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", kVersion},
      {"http 1.2", "GET / HTTP/1.2\r\n" + host, kVersion},
      {"http 01.1", "GET / HTTP/01.1\r\n" + host, kVersion},
      {"lower-case version", "GET / http/1.1\r\n" + host, kRequestLine},
      {"other protocol", "OPTIONS / RTSP/1.0\r\n" + host, kRequestLine},
      {"version with a long tail", "GET / HTTP/1.11\r\n" + host, kVersion},
      {"connect in authority form", "CONNECT a.example:443 HTTP/1.1\r\n" + host, kTarget},
      {"connect in origin form", "CONNECT / HTTP/1.1\r\n" + host, kTarget},
      {"asterisk form", "OPTIONS * HTTP/1.1\r\n" + host, kTarget},
      {"authority form", with_target("a.example:80"), kTarget},
      {"relative target", with_target("orders"), kTarget},
      {"fragment", with_target("/a#b"), kTarget},
      {"raw utf-8 in the target", with_target("/caf\xc3\xa9"), kTarget},
      {"quote in the target", with_target("/\""), kTarget},
      {"less-than in the target", with_target("/<"), kTarget},
      {"greater-than in the target", with_target("/>"), kTarget},
      {"backslash in the target", with_target("/..\\"), kTarget},
      {"caret in the target", with_target("/^"), kTarget},
      {"backtick in the target", with_target("/`"), kTarget},
      {"brace in the target", with_target("/{id}"), kTarget},
      {"pipe in the target", with_target("/a|b"), kTarget},
      {"delete in the target", with_target("/\x7f"), kRequestLine},
      {"other scheme", with_target("ftp://a.example/"), kTarget},
      {"absolute form without authority", with_target("http:///x"), kTarget},
      {"absolute form with user information", with_target("http://u@a.example/"), kTarget},
      {"absolute form that contradicts host", with_target("http://b.example/"), kHostBad},
      {"absolute form with another port", with_target("http://a.example:81/"), kHostBad},
  };
}

std::vector<Refusal> header_refusals() {
  using enum DecodeError;
  return {
      {"whitespace before the colon", get_with("X : 1\r\n"), kHeaderName},
      {"tab before the colon", get_with("X\t: 1\r\n"), kHeaderName},
      {"empty name", get_with(": 1\r\n"), kHeaderName},
      {"line without a colon", get_with("X\r\n"), kHeaderName},
      {"name with a space", get_with("X Y: 1\r\n"), kHeaderName},
      {"name with utf-8", get_with("X\xc3\xa9: 1\r\n"), kHeaderName},
      {"name with a nul", get_with(std::string("X\0Y: 1\r\n", 8)), kHeaderName},
      {"name with a slash", get_with("X/Y: 1\r\n"), kHeaderName},
      {"folded line", get_with("X: 1\r\n 2\r\n"), kObsoleteFolding},
      {"line folded by a tab", get_with("X: 1\r\n\t2\r\n"), kObsoleteFolding},
      {"whitespace before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", kObsoleteFolding},
      {"line of whitespace only", get_with(" \r\n"), kObsoleteFolding},
      {"nul in a value", get_with(std::string("X: a\0b\r\n", 8)), kHeaderValue},
      {"escape in a value", get_with("X: a\x1b[2J\r\n"), kHeaderValue},
      {"delete in a value", get_with("X: a\x7f\r\n"), kHeaderValue},
      {"bare line feed in a value", get_with("X: a\nY: b\r\n"), kBareLineFeed},
      {"bare carriage return in a value", get_with("X: a\rY: b\r\n"), kBareCarriageReturn},
      {"two carriage returns after a value", get_with("X: a\r\r\n"), kBareCarriageReturn},
      {"head ended by bare line feeds", "GET / HTTP/1.1\r\nHost: a\r\n\n", kBareLineFeed},
      {"head ended by a bare carriage return", "GET / HTTP/1.1\r\nHost: a\r\n\rX", kBareCarriageReturn},
      {"no host", "GET / HTTP/1.1\r\nX: 1\r\n\r\n", kHostMissing},
      {"two hosts", get_with("Host: a.example\r\n"), kHostRepeated},
      {"two hosts in two spellings", get_with("hOST: b.example\r\n"), kHostRepeated},
      {"two hosts in http 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", kHostRepeated},
      {"bad host in http 1.0", "GET / HTTP/1.0\r\nHost: a/b\r\n\r\n", kHostBad},
      {"empty host", with_host(""), kHostBad},
      {"host with a path", with_host("a/b"), kHostBad},
      {"host with a query", with_host("a?b"), kHostBad},
      {"host with user information", with_host("u@a"), kHostBad},
      {"host list", with_host("a, b"), kHostBad},
      {"host with a space", with_host("a b"), kHostBad},
      {"host with a tab", with_host("a\tb"), kHostBad},
      {"host with percent-encoding", with_host("a%2eb"), kHostBad},
      {"host with obs-text", with_host("a\xe9"), kHostBad},
      {"host with a backslash", with_host("a\\b"), kHostBad},
      {"host with an empty label", with_host("a..b"), kHostBad},
      {"host with a leading dot", with_host(".a"), kHostBad},
      {"host of a port only", with_host(":80"), kHostBad},
      {"host with an empty port", with_host("a:"), kHostBad},
      {"host with port zero", with_host("a:0"), kHostBad},
      {"host with port 65536", with_host("a:65536"), kHostBad},
      {"host with a six-digit port", with_host("a:000080"), kHostBad},
      {"host with a signed port", with_host("a:+80"), kHostBad},
      {"host with two ports", with_host("a:80:80"), kHostBad},
      {"ipv6 without brackets", with_host("::1"), kHostBad},
      {"ipv6 with a zone", with_host("[fe80::1%25eth0]"), kHostBad},
      {"ipv6 not closed", with_host("[::1"), kHostBad},
      {"ipv6 with a tail", with_host("[::1]x"), kHostBad},
      {"ipv6 that is none", with_host("[1:2]"), kHostBad},
      {"future ip literal", with_host("[v1.a]"), kHostBad},
      {"unknown expectation", post_with("Expect: 200-ok\r\nContent-Length: 1\r\n"), kExpectUnsupported},
      {"expectation list", post_with("Expect: 100-continue, x\r\n"), kExpectUnsupported},
      {"empty expectation", post_with("Expect:\r\n"), kExpectUnsupported},
  };
}

std::vector<Refusal> framing_refusals() {
  using enum DecodeError;
  return {
      {"cl.te", post_with("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"), kLengthConflict},
      {"te.cl", post_with("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n"), kLengthConflict},
      {"cl.te with a hidden te", post_with("Content-Length: 6\r\nTransfer-Encoding: xchunked\r\n"),
       kLengthConflict},
      {"cl.te with length zero", post_with("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
       kLengthConflict},
      {"cl.te in http 1.0", "POST / HTTP/1.0\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n",
       kLengthConflict},
      {"te in http 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", kTransferEncodingBad},
      {"te.te, two lines", post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       kTransferEncodingBad},
      {"te.te, one unknown", post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n"),
       kTransferEncodingBad},
      {"te list ending in chunked", post_with("Transfer-Encoding: gzip, chunked\r\n"), kTransferEncodingBad},
      {"te list of two chunked", post_with("Transfer-Encoding: chunked, chunked\r\n"), kTransferEncodingBad},
      {"te list with an empty element", post_with("Transfer-Encoding: chunked,\r\n"), kTransferEncodingBad},
      {"te quoted", post_with("Transfer-Encoding: \"chunked\"\r\n"), kTransferEncodingBad},
      {"te with a parameter", post_with("Transfer-Encoding: chunked;q=1\r\n"), kTransferEncodingBad},
      {"te identity", post_with("Transfer-Encoding: identity\r\n"), kTransferEncodingBad},
      {"te empty", post_with("Transfer-Encoding:\r\n"), kTransferEncodingBad},
      {"te with a vertical tab",
       post_with("Transfer-Encoding: \x0b"
                 "chunked\r\n"),
       kHeaderValue},
      {"te with obs-text",
       post_with("Transfer-Encoding: \xa0"
                 "chunked\r\n"),
       kTransferEncodingBad},
      {"te with a space before the colon", post_with("Transfer-Encoding : chunked\r\n"), kHeaderName},
      {"te on a folded line", post_with("Transfer-Encoding:\r\n chunked\r\n"), kObsoleteFolding},
      {"te smuggled after a bare line feed", post_with("X: y\nTransfer-Encoding: chunked\r\n"),
       kBareLineFeed},
      {"two lengths", post_with("Content-Length: 1\r\nContent-Length: 2\r\n"), kContentLengthBad},
      {"two equal lengths", post_with("Content-Length: 1\r\nContent-Length: 1\r\n"), kContentLengthBad},
      {"three lengths", post_with("Content-Length: 1\r\nContent-Length: 1\r\nContent-Length: 1\r\n"),
       kContentLengthBad},
      {"length list", post_with("Content-Length: 1, 1\r\n"), kContentLengthBad},
      {"negative length", post_with("Content-Length: -1\r\n"), kContentLengthBad},
      {"signed length", post_with("Content-Length: +1\r\n"), kContentLengthBad},
      {"hexadecimal length", post_with("Content-Length: 0x1\r\n"), kContentLengthBad},
      {"fractional length", post_with("Content-Length: 1.0\r\n"), kContentLengthBad},
      {"length with a space inside", post_with("Content-Length: 1 0\r\n"), kContentLengthBad},
      {"empty length", post_with("Content-Length:\r\n"), kContentLengthBad},
      {"length of twenty digits", post_with("Content-Length: 00000000000000000001\r\n"), kContentLengthBad},
      {"length that overflows", post_with("Content-Length: 18446744073709551616\r\n"), kContentLengthBad},
  };
}

std::vector<Refusal> all_refusals() {
  std::vector<Refusal> all = start_line_refusals();
  for (auto& refusal : header_refusals()) all.push_back(refusal);
  for (auto& refusal : framing_refusals()) all.push_back(refusal);
  return all;
}

TEST(RequestDecoder, hostile_requests_are_refused_each_with_its_error) {
  const HttpLimits limits;
  for (const Refusal& refusal : all_refusals()) {
    RequestDecoder decoder(limits);
    decoder.begin();
    const Outcome outcome = decoder.feed(refusal.bytes);
    EXPECT_EQ(describe(outcome), name(refusal.error)) << refusal.attack;
    EXPECT_EQ(describe(decoder.feed(refusal.bytes)), name(refusal.error)) << "again: " << refusal.attack;
  }
}

TEST(RequestDecoder, hostile_requests_are_refused_alike_when_they_come_byte_by_byte) {
  const HttpLimits limits;
  for (const Refusal& refusal : all_refusals()) {
    RequestDecoder decoder(limits);
    decoder.begin();
    std::unique_ptr<char[]> place;
    EXPECT_EQ(describe(feed_byte_by_byte(decoder, refusal.bytes, place)), name(refusal.error))
        << refusal.attack;
  }
}

TEST(RequestDecoder, a_hostile_request_behind_a_good_one_is_refused_all_the_same) {
  const HttpLimits limits;
  const std::string first = get_with("X: 1\r\n");
  for (const Refusal& refusal : all_refusals()) {
    const std::string both = first + refusal.bytes;
    RequestDecoder decoder(limits);
    decoder.begin();
    ASSERT_EQ(describe(decoder.feed(both)), "complete") << refusal.attack;
    ASSERT_EQ(decoder.head_bytes(), first.size());
    decoder.begin();
    EXPECT_EQ(describe(decoder.feed(std::string_view(both).substr(first.size()))), name(refusal.error))
        << refusal.attack;
  }
}

struct Acceptance {
  const char* what;
  std::string bytes;
  std::string expected;
};

std::vector<Acceptance> acceptances() {
  return {
      {"plain", "GET /orders/1 HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n",
       "GET /orders/1 path=/orders/1 authority=a.example 1.1 body=0,0 keep\nHost=a.example\nAccept=*/*\n"},
      {"query", "GET /a?b=c?d&e=%20[1] HTTP/1.1\r\nHost: a:8443\r\n\r\n",
       "GET /a?b=c?d&e=%20[1] path=/a?b=c?d&e=%20[1] authority=a:8443 1.1 body=0,0 keep\nHost=a:8443\n"},
      {"empty query", "GET /? HTTP/1.1\r\nHost: a\r\n\r\n",
       "GET /? path=/? authority=a 1.1 body=0,0 keep\nHost=a\n"},
      {"absolute form", "GET HTTP://A.example/x?y HTTP/1.1\r\nHost: a.EXAMPLE\r\n\r\n",
       "GET HTTP://A.example/x?y path=/x?y authority=a.EXAMPLE 1.1 body=0,0 keep\nHost=a.EXAMPLE\n"},
      {"absolute form without a path", "GET https://a HTTP/1.1\r\nHost: a\r\n\r\n",
       "GET https://a path=/ authority=a 1.1 body=0,0 keep\nHost=a\n"},
      {"absolute form with a query only", "GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n",
       "GET http://a?q path=/?q authority=a 1.1 body=0,0 keep\nHost=a\n"},
      {"ipv6 host", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:65535\r\n\r\n",
       "GET / path=/ authority=[2001:db8::1]:65535 1.1 body=0,0 keep\nHost=[2001:db8::1]:65535\n"},
      {"unknown method", "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n",
       "BREW /pot path=/pot authority=a 1.1 body=0,0 keep\nHost=a\n"},
      {"http 1.0 without host", "GET / HTTP/1.0\r\n\r\n", "GET / path=/ authority= 1.0 body=0,0 close\n"},
      {"http 1.0 with keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
       "GET / path=/ authority= 1.0 body=0,0 keep\nConnection=Keep-Alive\n"},
      {"close among other options", "GET / HTTP/1.1\r\nHost: a\r\nConnection: te ,\tCLOSE,x\r\n\r\n",
       "GET / path=/ authority=a 1.1 body=0,0 close\nHost=a\nConnection=te ,\tCLOSE,x\n"},
      {"close wins over keep-alive",
       "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n",
       "GET / path=/ authority=a 1.1 body=0,0 close\nHost=a\nConnection=close\nConnection=keep-alive\n"},
      {"upgrade is ignored", "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
       "GET / path=/ authority=a 1.1 body=0,0 keep\nHost=a\nConnection=upgrade\nUpgrade=h2c\n"},
      {"length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\n",
       "POST / path=/ authority=a 1.1 body=1,9999999999999999999 "
       "keep\nHost=a\nContent-Length=9999999999999999999\n"},
      {"chunked", "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding:\t ChunkeD \r\n\r\n",
       "POST / path=/ authority=a 1.1 body=2,0 keep\nHost=a\ntransfer-encoding=ChunkeD\n"},
      {"expectation", "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n",
       "PUT / path=/ authority=a 1.1 body=1,3 keep expects\nHost=a\nExpect=100-Continue\nContent-Length=3\n"},
      {"expectation without a body",
       "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
       "PUT / path=/ authority=a 1.1 body=1,0 keep\nHost=a\nExpect=100-continue\nContent-Length=0\n"},
      {"empty value, tab and obs-text inside",
       "GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \t \r\nZ: a\tb \xe9\r\n\r\n",
       "GET / path=/ authority=a 1.1 body=0,0 keep\nHost=a\nX=\nY=\nZ=a\tb \xe9\n"},
      {"colon in a value", "GET / HTTP/1.1\r\nHost: a\r\nX::b:\r\n\r\n",
       "GET / path=/ authority=a 1.1 body=0,0 keep\nHost=a\nX=:b:\n"},
  };
}

TEST(RequestDecoder, well_formed_requests_are_taken_apart) {
  const HttpLimits limits;
  for (const Acceptance& acceptance : acceptances()) {
    RequestDecoder decoder(limits);
    decoder.begin();
    ASSERT_EQ(describe(decoder.feed(acceptance.bytes)), "complete") << acceptance.what;
    EXPECT_EQ(describe(decoder.head()), acceptance.expected) << acceptance.what;
    EXPECT_EQ(decoder.head_bytes(), acceptance.bytes.size()) << acceptance.what;
  }
}

TEST(RequestDecoder, well_formed_requests_read_the_same_byte_by_byte_in_a_buffer_that_moves) {
  const HttpLimits limits;
  for (const Acceptance& acceptance : acceptances()) {
    RequestDecoder decoder(limits);
    decoder.begin();
    std::unique_ptr<char[]> place;
    ASSERT_EQ(describe(feed_byte_by_byte(decoder, acceptance.bytes, place)), "complete") << acceptance.what;
    EXPECT_EQ(describe(decoder.head()), acceptance.expected) << acceptance.what;
  }
}

TEST(RequestDecoder, pipelined_requests_are_read_one_after_the_other) {
  const HttpLimits limits;
  RequestDecoder decoder(limits);
  for (const Acceptance& first : acceptances()) {
    for (const Acceptance& second : acceptances()) {
      const std::string both = first.bytes + second.bytes;
      decoder.begin();
      ASSERT_EQ(describe(decoder.feed(both)), "complete");
      EXPECT_EQ(describe(decoder.head()), first.expected) << first.what;
      ASSERT_EQ(decoder.head_bytes(), first.bytes.size());
      decoder.begin();
      ASSERT_EQ(describe(decoder.feed(std::string_view(both).substr(first.bytes.size()))), "complete");
      EXPECT_EQ(describe(decoder.head()), second.expected) << second.what;
    }
  }
}

struct LimitCase {
  const char* what;
  std::string at_limit;
  std::string one_past;
  DecodeError error;
};

std::vector<LimitCase> limit_cases(const HttpLimits& limits) {
  auto request_line = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 14, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  auto header_line = [](std::size_t bytes) { return get_with("X: " + std::string(bytes - 3, 'a') + "\r\n"); };
  auto name_line = [](std::size_t bytes) { return get_with(std::string(bytes - 1, 'a') + ":\r\n"); };
  auto header_count = [](std::size_t count) {
    std::string lines;
    for (std::size_t i = 1; i < count; ++i) lines += "X: 1\r\n";
    return get_with(lines);
  };
  auto head = [&limits](std::size_t bytes) {
    const std::string line =
        "X: " + std::string(limits.head_bytes_max / limits.header_count_max * 2, 'a') + "\r\n";
    std::string lines;
    while (get_with(lines + line + "Y: \r\n").size() <= bytes) lines += line;
    const std::size_t have = get_with(lines + "Y: \r\n").size();
    return get_with(lines + "Y: " + std::string(bytes - have, 'b') + "\r\n");
  };
  using enum DecodeError;
  return {
      {"request line", request_line(limits.request_line_bytes_max),
       request_line(limits.request_line_bytes_max + 1), kRequestLineTooLong},
      {"header line", header_line(limits.header_line_bytes_max),
       header_line(limits.header_line_bytes_max + 1), kHeaderTooLong},
      {"header name", name_line(limits.header_line_bytes_max), name_line(limits.header_line_bytes_max + 1),
       kHeaderTooLong},
      {"header count", header_count(limits.header_count_max), header_count(limits.header_count_max + 1),
       kTooManyHeaders},
      {"head", head(limits.head_bytes_max), head(limits.head_bytes_max + 1), kHeadTooLong},
  };
}

TEST(RequestDecoder, each_limit_holds_at_the_limit_and_breaks_one_past_it) {
  HttpLimits limits;
  limits.request_line_bytes_max = 100;
  limits.header_line_bytes_max = 200;
  limits.head_bytes_max = 1000;
  limits.header_count_max = 20;
  for (const LimitCase& limit : limit_cases(limits)) {
    RequestDecoder decoder(limits);
    decoder.begin();
    EXPECT_EQ(describe(decoder.feed(limit.at_limit)), "complete") << limit.what;
    decoder.begin();
    EXPECT_EQ(describe(decoder.feed(limit.one_past)), name(limit.error)) << limit.what;
    std::unique_ptr<char[]> place;
    decoder.begin();
    EXPECT_EQ(describe(feed_byte_by_byte(decoder, limit.at_limit, place)), "complete") << limit.what;
    decoder.begin();
    EXPECT_EQ(describe(feed_byte_by_byte(decoder, limit.one_past, place)), name(limit.error)) << limit.what;
  }
}

TEST(RequestDecoder, the_default_limits_hold_too) {
  const HttpLimits limits;
  for (const LimitCase& limit : limit_cases(limits)) {
    RequestDecoder decoder(limits);
    decoder.begin();
    EXPECT_EQ(describe(decoder.feed(limit.at_limit)), "complete") << limit.what;
    decoder.begin();
    EXPECT_EQ(describe(decoder.feed(limit.one_past)), name(limit.error)) << limit.what;
  }
}

TEST(RequestDecoder, endless_lines_are_refused_without_waiting_for_their_end) {
  const HttpLimits limits;
  RequestDecoder decoder(limits);
  decoder.begin();
  EXPECT_EQ(describe(decoder.feed("GET /" + std::string(limits.request_line_bytes_max, 'a'))),
            name(DecodeError::kRequestLineTooLong));
  decoder.begin();
  EXPECT_EQ(describe(decoder.feed("GET / HTTP/1.1\r\nX: " + std::string(limits.header_line_bytes_max, 'a'))),
            name(DecodeError::kHeaderTooLong));
}

TEST(RequestDecoder, views_point_into_the_bytes_of_the_last_feed) {
  const HttpLimits limits;
  RequestDecoder decoder(limits);
  decoder.begin();
  const std::string bytes = "GET /a?b HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n";
  const std::string first = bytes.substr(0, 25);
  ASSERT_EQ(describe(decoder.feed(first)), "need more");
  ASSERT_EQ(describe(decoder.feed(bytes)), "complete");
  auto inside = [&bytes](std::string_view view) {
    return view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size();
  };
  EXPECT_TRUE(inside(decoder.head().target));
  EXPECT_TRUE(inside(decoder.head().path));
  EXPECT_TRUE(inside(decoder.head().authority));
  EXPECT_TRUE(inside(decoder.head().find("x")->value));
}

TEST(RequestDecoder, every_error_has_a_name_and_a_status) {
  for (int i = 0; i <= static_cast<int>(DecodeError::kExpectUnsupported); ++i) {
    const auto error = static_cast<DecodeError>(i);
    EXPECT_FALSE(name(error).empty());
    EXPECT_THAT(status_for(error), testing::AnyOf(400, 414, 417, 431, 501, 505));
  }
}

}  // namespace
}  // namespace caponier::http
