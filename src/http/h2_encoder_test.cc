#include "http/h2_encoder.h"

#include <gtest/gtest.h>

#include <string>

#include "http/h2_budget.h"
#include "http/h2_fields.h"

namespace caponier::http::h2 {
namespace {

// The fields of the frames in `bytes`, as a client reads them; empty if they are no header block.
std::string read_back(std::string_view bytes, HpackDecoder& decoder, bool& ends) {
  std::string block;
  bool first = true;
  bool complete = false;
  while (bytes.size() >= kFrameHeadBytes) {
    const FrameHead head = parse_frame_head(bytes.data());
    EXPECT_TRUE(head.is(first ? FrameType::kHeaders : FrameType::kContinuation));
    EXPECT_LE(head.bytes, kFrameBytesMax);
    if (first) ends = head.has(kEndStream);
    complete = head.has(kEndHeaders);
    block.append(bytes.substr(kFrameHeadBytes, head.bytes));
    bytes.remove_prefix(kFrameHeadBytes + head.bytes);
    first = false;
  }
  EXPECT_TRUE(complete);
  HttpLimits limits;
  limits.head_bytes_max = limits.header_line_bytes_max = 1 << 20;
  FieldBlock fields;
  fields.begin();
  if (!decoder.decode(block, limits, fields)) return {};
  std::string lines;
  for (const Header& header : fields.headers())
    lines.append(header.name).append("=").append(header.value).append("\n");
  return lines;
}

TEST(Http2Encoder, writes_a_head_without_what_is_of_http_1) {
  HpackEncoder encoder(4096);
  HpackDecoder decoder(4096);
  std::string out;
  ASSERT_TRUE(append_head(out, encoder, 1,
                          "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nConnection: close\r\nUpgrade: x\r\n"
                          "Keep-Alive: 1\r\nTransfer-Encoding: chunked\r\nX-Empty: \r\n",
                          true));
  bool ends = false;
  EXPECT_EQ(read_back(out, decoder, ends), ":status=200\ncontent-type=a/b\nx-empty=\n");
  EXPECT_TRUE(ends);
}

TEST(Http2Encoder, what_is_the_same_in_each_answer_is_short_after_the_first) {
  HpackEncoder encoder(4096);
  HpackDecoder decoder(4096);
  std::size_t sizes[2];
  for (std::size_t& size : sizes) {
    std::string out;
    ASSERT_TRUE(
        append_head(out, encoder, 1, "HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\n", false));
    bool ends = true;
    EXPECT_EQ(read_back(out, decoder, ends), ":status=200\nx-content-type-options=nosniff\n");
    EXPECT_FALSE(ends);
    size = out.size();
  }
  EXPECT_EQ(sizes[1], kFrameHeadBytes + 2);
  EXPECT_GT(sizes[0], sizes[1]);
}

TEST(Http2Encoder, a_long_head_is_several_frames) {
  HpackEncoder encoder(4096);
  HpackDecoder decoder(4096);
  const std::string long_value(3 * kFrameBytesMax, '\xFF');
  std::string out;
  ASSERT_TRUE(append_head(out, encoder, 1, "HTTP/1.1 200 OK\r\nX: " + long_value + "\r\n", true));
  bool ends = false;
  EXPECT_EQ(read_back(out, decoder, ends), ":status=200\nx=" + long_value + "\n");
  EXPECT_TRUE(ends);
}

TEST(Http2Encoder, a_client_without_a_table_is_obeyed) {
  HpackEncoder encoder(4096);
  HpackDecoder decoder(4096);
  encoder.set_peer_table_bytes(0);
  for (int i = 0; i < 3; ++i) {
    std::string out;
    ASSERT_TRUE(append_head(out, encoder, 1, "HTTP/1.1 404 Not Found\r\nX-Y: z\r\n", false));
    bool ends = true;
    EXPECT_EQ(read_back(out, decoder, ends), ":status=404\nx-y=z\n");
    EXPECT_GT(out.size(), kFrameHeadBytes + 5) << "nothing of it may be in a table";
  }
}

TEST(Http2Budget, ends_at_its_bound_and_begins_again_with_the_next_period) {
  Http2Limits limits;
  limits.pings_max = 2;
  Budget budget(limits);
  EXPECT_TRUE(budget.spend(Idle::kPings, 100'000));
  EXPECT_TRUE(budget.spend(Idle::kPings, 100'001));
  EXPECT_FALSE(budget.spend(Idle::kPings, 100'002));
  EXPECT_TRUE(budget.spend(Idle::kSettings, 100'002));
  EXPECT_TRUE(budget.spend(Idle::kPings, 100'000 + limits.period_ms));
}

}  // namespace
}  // namespace caponier::http::h2
