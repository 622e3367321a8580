#include "http/trailers.h"

#include <gtest/gtest.h>

#include <string>

#include "http/h1_decoder.h"

namespace caponier::http {
namespace {

TEST(Trailers, are_kept_as_they_came_and_taken_apart_line_by_line) {
  const HttpLimits limits;
  BodyDecoder decoder({BodyKind::kChunked, 0}, limits);
  const std::string bytes = "0\r\nA: b\r\nC:\td e \r\nEmpty:\r\nTE: x\r\n\r\n";
  for (const char c : bytes) ASSERT_TRUE(decoder.feed({&c, 1}));
  ASSERT_TRUE(decoder.complete());
  std::string_view lines = decoder.trailers();
  std::string seen;
  while (!lines.empty()) {
    const Header header = take_trailer(lines);
    seen.append(header.name).append("=").append(header.value).append(header.field == Field::kTe ? "!" : ";");
  }
  EXPECT_EQ(seen, "A=b;C=d e;Empty=;TE=x!");
}

TEST(Trailers, what_frames_routes_authenticates_or_describes_belongs_into_the_head) {
  for (const std::string_view name : {"Content-Length",
                                      "Transfer-Encoding",
                                      "Host",
                                      "Authorization",
                                      "Set-Cookie",
                                      "Content-Type",
                                      "Content-Range",
                                      "Trailer",
                                      "TE",
                                      "Connection",
                                      "Cache-Control",
                                      "Expires",
                                      "Vary",
                                      "If-Match",
                                      "Range",
                                      "WWW-Authenticate",
                                      "Location",
                                      "Access-Control-Allow-Origin",
                                      "Sec-WebSocket-Accept",
                                      "X-Request-ID",
                                      "Caponier-Subject",
                                      "Content-Security-Policy",
                                      "date",
                                      "AGE"}) {
    EXPECT_FALSE(may_be_trailer({name, "x", parse_field(name)})) << name;
  }
  for (const std::string_view name :
       {"X-Checksum", "Server-Timing", "grpc-status", "Digest", "ETag", "Agent"})
    EXPECT_TRUE(may_be_trailer({name, "x", parse_field(name)})) << name;
}

}  // namespace
}  // namespace caponier::http
