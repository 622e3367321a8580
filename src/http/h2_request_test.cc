#include "http/h2_request.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/test_h2.h"

namespace caponier::http::h2 {
namespace {

struct Read {
  FieldBlock fields;
  RequestHead head;
  std::optional<DecodeError> error;
};

void read(Read& into, Fields fields, bool ended = true, const HttpLimits& limits = {}) {
  into.fields.begin();
  for (const auto& [name, value] : fields) into.fields.add(name, value, limits);
  into.error = read_request(into.fields, ended, true, limits, into.head);
}

std::string_view error_of(Fields fields, bool ended = true) {
  Read it;
  read(it, fields, ended);
  return it.error ? name(*it.error) : "none";
}

TEST(Http2Request, is_the_same_head_as_of_http_1) {
  Read it;
  read(it,
       {{":method", "POST"},
        {":scheme", "https"},
        {":path", "/a?b=c"},
        {":authority", "x.test"},
        {"content-length", "3"},
        {"te", "trailers"},
        {"expect", "100-continue"}},
       false);
  ASSERT_FALSE(it.error);
  EXPECT_EQ(it.head.method, Method::kPost);
  EXPECT_EQ(it.head.path, "/a");
  EXPECT_EQ(it.head.query, "b=c");
  EXPECT_EQ(it.head.authority, "x.test");
  EXPECT_EQ(it.head.body.kind, BodyKind::kLength);
  EXPECT_EQ(it.head.body.bytes, 3U);
  EXPECT_TRUE(it.head.http2);
  EXPECT_TRUE(it.head.expects_continue);
  EXPECT_EQ(it.head.headers.size(), 3U);
}

TEST(Http2Request, a_body_without_a_length_is_of_unknown_length) {
  Read it;
  read(it, {{":method", "POST"}, {":scheme", "https"}, {":path", "/"}, {":authority", "x"}}, false);
  EXPECT_EQ(it.head.body.kind, BodyKind::kChunked);
  read(it, {{":method", "POST"}, {":scheme", "https"}, {":path", "/"}, {":authority", "x"}}, true);
  EXPECT_EQ(it.head.body.kind, BodyKind::kNone);
}

TEST(Http2Request, pseudo_fields_are_complete_known_single_and_in_front) {
  EXPECT_EQ(error_of({{":scheme", "https"}, {":path", "/"}, {":authority", "x"}}), "pseudo-header");
  EXPECT_EQ(error_of({{":method", "GET"}, {":path", "/"}, {":authority", "x"}}), "pseudo-header");
  EXPECT_EQ(error_of({{":method", "GET"}, {":scheme", "https"}, {":authority", "x"}}), "pseudo-header");
  EXPECT_EQ(error_of({{":method", "GET"},
                      {":method", "GET"},
                      {":scheme", "https"},
                      {":path", "/"},
                      {":authority", "x"}}),
            "pseudo-header");
  EXPECT_EQ(
      error_of({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {":authority", "x"}, {":x", "y"}}),
      "pseudo-header");
  EXPECT_EQ(
      error_of({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"a", "b"}, {":authority", "x"}}),
      "pseudo-header");
  EXPECT_EQ(error_of({{":method", "GET"},
                      {":scheme", "https"},
                      {":path", "/"},
                      {":authority", "x"},
                      {":status", "200"}}),
            "pseudo-header");
}

TEST(Http2Request, the_scheme_is_that_of_the_connection) {
  EXPECT_EQ(error_of({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "x"}}),
            "pseudo-header");
  EXPECT_EQ(error_of({{":method", "GET"}, {":scheme", "HTTPS"}, {":path", "/"}, {":authority", "x"}}),
            "none");
}

TEST(Http2Request, connect_and_other_forms_of_target_are_refused) {
  EXPECT_EQ(error_of({{":method", "CONNECT"}, {":authority", "x:443"}}), "target");
  EXPECT_EQ(error_of({{":method", "CONNECT"},
                      {":protocol", "websocket"},
                      {":scheme", "https"},
                      {":path", "/"},
                      {":authority", "x"}}),
            "pseudo-header");
  for (const std::string_view path : {"", "*", "a", "https://x/", "/a b", "/\xC3\xA4", "/a#b", "//?\n"})
    EXPECT_NE(error_of({{":method", "GET"}, {":scheme", "https"}, {":path", path}, {":authority", "x"}}),
              "none")
        << path;
}

TEST(Http2Request, authority_mismatch_is_refused) {
  const auto with = [](std::string_view authority, std::string_view host) {
    return error_of({{":method", "GET"},
                     {":scheme", "https"},
                     {":path", "/"},
                     {":authority", authority},
                     {"host", host}});
  };
  EXPECT_EQ(with("a.test", "a.test"), "none");
  EXPECT_EQ(with("a.test", "A.TEST"), "none");
  EXPECT_EQ(with("a.test", "b.test"), "host-bad");
  EXPECT_EQ(with("a.test", "a.test:443"), "host-bad");
  EXPECT_EQ(error_of({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "a.test"}}), "none");
  EXPECT_EQ(error_of({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}), "host-missing");
  EXPECT_EQ(
      error_of({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "a"}, {"host", "a"}}),
      "host-repeated");
  EXPECT_EQ(
      error_of({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {":authority", "user@a.test"}}),
      "host-bad");
}

std::string_view with_field(std::string_view field_name, std::string_view value, bool ended = true) {
  return error_of(
      {{":method", "POST"}, {":scheme", "https"}, {":path", "/"}, {":authority", "x"}, {field_name, value}},
      ended);
}

TEST(Http2Request, h2_te_smuggling_is_refused) {
  EXPECT_EQ(with_field("transfer-encoding", "chunked", false), "connection-header");
  EXPECT_EQ(with_field("connection", "transfer-encoding"), "connection-header");
  EXPECT_EQ(with_field("keep-alive", "1"), "connection-header");
  EXPECT_EQ(with_field("proxy-connection", "close"), "connection-header");
  EXPECT_EQ(with_field("upgrade", "websocket"), "connection-header");
  EXPECT_EQ(with_field("te", "trailers, gzip"), "connection-header");
}

TEST(Http2Request, h2_cl_smuggling_is_refused) {
  EXPECT_EQ(with_field("content-length", "0"), "none");
  EXPECT_EQ(with_field("content-length", "5", true), "content-length-bad");
  EXPECT_EQ(with_field("content-length", "5, 5", false), "content-length-bad");
  EXPECT_EQ(with_field("content-length", "+5", false), "content-length-bad");
  EXPECT_EQ(error_of({{":method", "POST"},
                      {":scheme", "https"},
                      {":path", "/"},
                      {":authority", "x"},
                      {"content-length", "5"},
                      {"content-length", "5"}},
                     false),
            "content-length-bad");
}

TEST(Http2Request, header_injection_is_refused) {
  using namespace std::string_view_literals;
  for (const std::string_view value :
       {"a\r\nb: c"sv, "a\nb"sv, "a\rb"sv, "a\0b"sv, " a"sv, "a "sv, "\ta"sv, "\x7F"sv})
    EXPECT_EQ(with_field("x", value), "header-value") << testing::PrintToString(value);
  for (const std::string_view field_name : {"X"sv, ""sv, "a b"sv, "a:"sv, "a\r\nb"sv, "a\0"sv, "h\xC3\xA4"sv})
    EXPECT_EQ(with_field(field_name, "v"), "header-name") << testing::PrintToString(field_name);
  EXPECT_EQ(
      error_of(
          {{":method", "GET"}, {":scheme", "https"}, {":path", "/ HTTP/1.1\r\nx: y"}, {":authority", "x"}}),
      "header-value");
  EXPECT_EQ(
      error_of({{":method", "GET / HTTP/1.1"}, {":scheme", "https"}, {":path", "/"}, {":authority", "x"}}),
      "method");
}

TEST(Http2Request, cookie_crumbs_become_one_cookie) {
  Read it;
  read(it, {{":method", "GET"},
            {":scheme", "https"},
            {":path", "/"},
            {":authority", "x"},
            {"cookie", "a=1"},
            {"accept", "b"},
            {"cookie", "c=2"},
            {"cookie", "d=3"}});
  ASSERT_FALSE(it.error);
  ASSERT_EQ(it.head.headers.size(), 2U);
  EXPECT_EQ(it.head.headers[0].value, "a=1; c=2; d=3");
  EXPECT_EQ(it.head.headers[1].value, "b");
}

TEST(Http2Request, heads_are_bounded_as_in_http_1) {
  HttpLimits limits;
  limits.request_line_bytes_max = 300;
  limits.header_line_bytes_max = 256;
  limits.head_bytes_max = 1024;
  limits.header_count_max = 8;
  const auto judge = [&limits](std::size_t path, std::size_t value, int count) -> std::string_view {
    Read it;
    it.fields.begin();
    const std::string target = "/" + std::string(path - 1, 'p');
    for (const auto& [field_name, text] : {std::pair<std::string_view, std::string_view>{":method", "GET"},
                                           {":scheme", "https"},
                                           {":authority", "x"},
                                           {":path", target}})
      it.fields.add(field_name, text, limits);
    for (int i = 0; i < count; ++i) it.fields.add("n", std::string(value, 'v'), limits);
    const auto error = read_request(it.fields, true, true, limits, it.head);
    return error ? name(*error) : "none";
  };
  EXPECT_EQ(judge(200, 10, 8), "none");
  EXPECT_EQ(judge(200, 10, 9), "too-many-headers");
  EXPECT_EQ(judge(249, 10, 1), "none");
  EXPECT_EQ(judge(250, 10, 1), "request-line-too-long");
  EXPECT_EQ(judge(10, 253, 1), "none");
  EXPECT_EQ(judge(10, 254, 1), "header-too-long");
  EXPECT_EQ(judge(10, 200, 4), "none");
  EXPECT_EQ(judge(10, 200, 5), "head-too-long");
}

TEST(Http2Trailers, are_judged_like_fields_and_bounded) {
  const auto judge = [](Fields trailers, std::uint32_t bytes_max = 4096) -> std::string_view {
    HttpLimits limits;
    limits.trailer_bytes_max = bytes_max;
    FieldBlock fields;
    fields.begin();
    for (const auto& [field_name, value] : trailers) fields.add(field_name, value, limits);
    const auto error = judge_trailers(fields, limits);
    return error ? name(*error) : "none";
  };
  EXPECT_EQ(judge({{"checksum", "1"}}), "none");
  EXPECT_EQ(judge({{":path", "/"}}), "pseudo-header");
  EXPECT_EQ(judge({{"transfer-encoding", "chunked"}}), "connection-header");
  EXPECT_EQ(judge({{"a", "b\r\n"}}), "header-value");
  EXPECT_EQ(judge({{"a", "12345"}}, 10), "none");
  EXPECT_EQ(judge({{"a", "123456"}}, 10), "trailer");
}

}  // namespace
}  // namespace caponier::http::h2
