#include "http/h2_response.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/h2_encoder.h"
#include "http/test_h2.h"

namespace caponier::http::h2 {
namespace {

struct Read {
  FieldBlock fields;
  ResponseHead head;
  std::optional<DecodeError> error;
};

void read(Read& into, Fields fields, bool ended = false, Method request = Method::kGet) {
  const HttpLimits limits;
  into.fields.begin();
  for (const auto& [name, value] : fields) into.fields.add(name, value, limits);
  into.error = read_response(into.fields, ended, request, limits, into.head);
}

std::string_view error_of(Fields fields, bool ended = false, Method request = Method::kGet) {
  Read it;
  read(it, fields, ended, request);
  return it.error ? name(*it.error) : "none";
}

TEST(Http2Response, is_the_same_head_as_of_http_1) {
  Read it;
  read(it, {{":status", "201"}, {"content-type", "a/b"}, {"content-length", "3"}});
  ASSERT_FALSE(it.error);
  EXPECT_EQ(it.head.status, 201);
  EXPECT_EQ(it.head.headers.size(), 2U);
  EXPECT_EQ(it.head.body.kind, BodyKind::kLength);
  EXPECT_EQ(it.head.body.bytes, 3U);
  read(it, {{":status", "200"}});
  EXPECT_EQ(it.head.body.kind, BodyKind::kChunked);
  read(it, {{":status", "200"}}, true);
  EXPECT_EQ(it.head.body.kind, BodyKind::kLength);
  EXPECT_EQ(it.head.body.bytes, 0U);
}

TEST(Http2Response, to_head_and_of_statuses_without_a_body_there_is_none) {
  Read it;
  read(it, {{":status", "200"}, {"content-length", "9"}}, true, Method::kHead);
  ASSERT_FALSE(it.error);
  EXPECT_EQ(it.head.body.kind, BodyKind::kNone);
  EXPECT_EQ(it.head.body.bytes, 9U);
  for (const char* status : {"204", "304"}) {
    read(it, {{":status", status}}, true);
    ASSERT_FALSE(it.error) << status;
    EXPECT_EQ(it.head.body.kind, BodyKind::kNone);
  }
}

TEST(Http2Response, what_could_be_read_in_two_ways_is_refused) {
  const std::string_view pseudo = name(DecodeError::kPseudoHeader);
  EXPECT_EQ(error_of({}), pseudo);
  EXPECT_EQ(error_of({{"a", "b"}, {":status", "200"}}), pseudo);
  EXPECT_EQ(error_of({{":status", "200"}, {":status", "200"}}), pseudo);
  EXPECT_EQ(error_of({{":status", "200"}, {":path", "/"}}), pseudo);
  for (const char* status : {"20", "2000", "600", "099", "2x0", ""}) {
    EXPECT_EQ(error_of({{":status", status}}), name(DecodeError::kStatusLine)) << status;
  }
  EXPECT_EQ(error_of({{":status", "101"}}), name(DecodeError::kUpgradeUnsupported));
  EXPECT_EQ(error_of({{":status", "200"}, {"A", "b"}}), name(DecodeError::kHeaderName));
  EXPECT_EQ(error_of({{":status", "200"}, {"a", "b\r\nc: d"}}), name(DecodeError::kHeaderValue));
  EXPECT_EQ(error_of({{":status", "200"}, {"a", " b"}}), name(DecodeError::kHeaderValue));
  for (const char* field :
       {"connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection", "te"}) {
    EXPECT_EQ(error_of({{":status", "200"}, {field, "x"}}), name(DecodeError::kConnectionHeader)) << field;
  }
  EXPECT_EQ(error_of({{":status", "200"}, {"content-length", "1"}, {"content-length", "1"}}),
            name(DecodeError::kContentLengthBad));
  EXPECT_EQ(error_of({{":status", "200"}, {"content-length", "1"}}, true),
            name(DecodeError::kContentLengthBad));
  EXPECT_EQ(error_of({{":status", "204"}, {"content-length", "1"}}, true),
            name(DecodeError::kContentLengthBad));
}

TEST(Http2Encoder, a_request_says_its_line_in_pseudo_header_fields) {
  HpackEncoder encoder(4096);
  std::string out;
  ASSERT_TRUE(append_request(out, encoder, 1,
                             "POST /a?b=c HTTP/1.1\r\nHost: x.test:1\r\nAccept: a/b\r\nConnection: TE\r\n"
                             "TE: trailers\r\nContent-Length: 3\r\n",
                             true, false));
  const FrameHead head = parse_frame_head(out.data());
  EXPECT_TRUE(head.is(FrameType::kHeaders) && head.has(kEndHeaders) && !head.has(kEndStream));
  HpackDecoder decoder(4096);
  FieldBlock fields;
  fields.begin();
  ASSERT_TRUE(decoder.decode(std::string_view(out).substr(kFrameHeadBytes), HttpLimits{}, fields));
  std::string lines;
  for (const Header& header : fields.headers())
    lines.append(header.name).append("=").append(header.value).append("\n");
  EXPECT_EQ(lines,
            ":method=POST\n:scheme=https\n:path=/a?b=c\n:authority=x.test:1\naccept=a/b\nte=trailers\n"
            "content-length=3\n");
}

TEST(Http2Encoder, a_request_without_a_host_or_with_a_late_one_is_none) {
  HpackEncoder encoder(4096);
  std::string out;
  EXPECT_FALSE(append_request(out, encoder, 1, "GET / HTTP/1.1\r\nA: b\r\n", true, true));
  EXPECT_FALSE(append_request(out, encoder, 1, "GET / HTTP/1.1\r\nA: b\r\nHost: x\r\n", true, true));
  EXPECT_FALSE(append_request(out, encoder, 1, "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n", true, true));
  EXPECT_FALSE(append_request(out, encoder, 1, "GET\r\nHost: x\r\n", true, true));
  EXPECT_TRUE(out.empty());
}

// A credential must not stand in a table that other requests are compressed by.
TEST(Http2Encoder, credentials_are_never_indexed) {
  HpackEncoder encoder(4096);
  const std::string lines =
      "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + std::string(64, 'Z') + "\r\n";
  for (int i = 0; i < 3; ++i) {
    std::string out;
    ASSERT_TRUE(append_request(out, encoder, 1, lines, true, true));
    EXPECT_GT(out.size(), 64U) << "the value is sent each time";
  }
}

}  // namespace
}  // namespace caponier::http::h2
