#include "http/h2_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/test_h2.h"

namespace caponier::http::h2 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::string_literals;

// What came out, one line an event; "broken: ..." if the connection did.
std::vector<std::string> decode(std::string_view bytes, std::size_t piece_bytes = SIZE_MAX,
                                const Http2Limits& http2 = {}, const HttpLimits& limits = {}) {
  Decoder decoder(limits, http2);
  std::vector<std::string> events;
  std::string body;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(piece.size());
    while (!piece.empty()) {
      // A copy of its own, so that a sanitizer sees who reads past it.
      const std::string here(piece);
      const auto step = decoder.feed(here);
      if (!step) {
        events.push_back("broken: " + std::string(step.error().detail) +
                         (step.error().flood ? " (flood)" : ""));
        return events;
      }
      EXPECT_GT(step->consumed, 0U);
      piece.remove_prefix(step->consumed);
      const Event& event = step->event;
      const std::string of = " " + std::to_string(event.stream) + (event.ends_stream ? " end" : "");
      switch (event.kind) {
        case Event::Kind::kNone:
          break;
        case Event::Kind::kHead: {
          std::string line = "head" + of;
          for (const Header& header : decoder.fields().headers())
            line.append(" ").append(header.name).append("=").append(header.value);
          if (decoder.fields().over()) line.append(" over ").append(name(*decoder.fields().over()));
          events.push_back(line);
          break;
        }
        case Event::Kind::kData:
          // Pieces of one frame are one line.
          body.append(event.data);
          if (event.small) events.push_back("nothing" + of);
          if (event.ends_stream) events.push_back("data" + of + " " + std::exchange(body, {}));
          break;
        case Event::Kind::kPing:
          events.push_back("ping " + std::string(event.data));
          break;
        default:
          events.push_back("event " + std::to_string(static_cast<int>(event.kind)) + of + " " +
                           std::to_string(event.number));
      }
    }
  }
  return events;
}

// The same in any fragments.
std::vector<std::string> decode_all_ways(std::string_view bytes) {
  const auto whole = decode(bytes);
  for (const std::size_t piece_bytes : {1U, 2U, 7U, 10U, 64U}) EXPECT_EQ(decode(bytes, piece_bytes), whole);
  return whole;
}

std::string after_greeting(std::string_view bytes) {
  return greeting().append(bytes);
}

// What is behind the greeting's SETTINGS.
std::vector<std::string> events_of(std::string_view bytes) {
  auto events = decode_all_ways(after_greeting(bytes));
  if (!events.empty()) events.erase(events.begin());
  return events;
}

TEST(Http2Decoder, reads_a_request_with_its_body) {
  EXPECT_THAT(events_of(headers(1, request_block({{"a", "b"}}, "POST"), false) + data(1, "hello ") +
                        data(1, "world", true)),
              ElementsAre("head 1 :method=POST :scheme=https :authority=localhost :path=/ a=b",
                          "data 1 end hello world"));
}

TEST(Http2Decoder, a_head_may_come_in_several_frames) {
  const std::string fields = request_block();
  EXPECT_THAT(events_of(frame(FrameType::kHeaders, kEndStream, 1, fields.substr(0, 9)) +
                        frame(FrameType::kContinuation, 0, 1, fields.substr(9, 11)) +
                        frame(FrameType::kContinuation, kEndHeaders, 1, fields.substr(20))),
              ElementsAre("head 1 end :method=GET :scheme=https :authority=localhost :path=/"));
}

TEST(Http2Decoder, padding_and_priority_are_taken_off) {
  const auto flags = static_cast<std::uint8_t>(kEndHeaders | kPadded | kWithPriority);
  const std::string padded_head = frame(
      FrameType::kHeaders, flags, 3, std::string(1, 4) + u32(1) + "\x10" + block({{"a", "b"}}) + "\0\0\0\0"s);
  EXPECT_THAT(events_of(padded_head + frame(FrameType::kData, kPadded | kEndStream, 3, "\3abc\0\0\0"s)),
              ElementsAre("head 3 a=b", "data 3 end abc"));
}

TEST(Http2Decoder, flow_control_counts_padding) {
  Decoder decoder({}, {});
  std::string bytes = after_greeting(frame(FrameType::kData, kPadded, 1, "\3abc\0\0\0"s));
  std::uint32_t flow = 0;
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto step = decoder.feed(rest);
    ASSERT_TRUE(step);
    flow += step->event.flow_bytes;
    rest.remove_prefix(step->consumed);
  }
  EXPECT_EQ(flow, 7U);
}

TEST(Http2Decoder, frames_that_bring_nothing_say_so) {
  EXPECT_THAT(events_of(data(1, "") + frame(FrameType::kData, kPadded, 1, "\2\0\0"s) + data(1, "", true)),
              ElementsAre("nothing 1", "nothing 1", "data 1 end "));
}

TEST(Http2Decoder, control_frames_are_events) {
  EXPECT_THAT(
      events_of(frame(FrameType::kPing, 0, 0, "12345678") + frame(FrameType::kResetStream, 0, 1, u32(8)) +
                frame(FrameType::kWindowUpdate, 0, 0, u32(100)) +
                frame(static_cast<FrameType>(0x77), 0, 5, "?")),
      ElementsAre("ping 12345678", "event 3 1 8", "event 10 0 100", "event 11 5 0"));
}

TEST(Http2Decoder, frames_of_a_wrong_size_or_place_break_the_connection) {
  const std::string head = headers(1, request_block());
  const std::string self = u32(1) + "\x10";
  for (const std::string& bytes : {
           frame(FrameType::kPing, 0, 0, "1234567"),
           frame(FrameType::kPing, 0, 1, "12345678"),
           frame(FrameType::kSettings, 0, 0, "12345"),
           frame(FrameType::kSettings, 0, 1, "123456"),
           frame(FrameType::kSettings, kAck, 0, "123456"),
           frame(FrameType::kResetStream, 0, 0, u32(0)),
           frame(FrameType::kResetStream, 0, 1, "123"),
           frame(FrameType::kWindowUpdate, 0, 1, "123"),
           frame(FrameType::kPriority, 0, 1, "1234"),
           frame(FrameType::kPriority, 0, 0, "12345"),
           frame(FrameType::kPriority, 0, 1, self),
           frame(FrameType::kGoAway, 0, 0, "1234567"),
           frame(FrameType::kGoAway, 0, 1, "12345678"),
           frame(FrameType::kPushPromise, kEndHeaders, 1, "1234"),
           frame(FrameType::kContinuation, kEndHeaders, 1, ""),
           frame(FrameType::kData, 0, 0, "x"),
           frame(FrameType::kData, kPadded, 1, ""),
           frame(FrameType::kData, kPadded, 1, "\1"),
           frame(FrameType::kHeaders, kEndHeaders, 0, request_block()),
           frame(FrameType::kHeaders, kEndHeaders, 2, request_block()),
           frame(FrameType::kHeaders, kEndHeaders | kPadded, 1, "\1"),
           frame(FrameType::kHeaders, kEndHeaders | kPadded, 1, ""),
           frame(FrameType::kHeaders, kEndHeaders | kWithPriority, 1, "1234"),
           frame(FrameType::kHeaders, kEndHeaders | kWithPriority, 1, self),
           frame(FrameType::kHeaders, 0, 1, "") + frame(FrameType::kPing, 0, 0, "12345678"),
           frame(FrameType::kHeaders, 0, 1, "") + frame(FrameType::kContinuation, kEndHeaders, 3, ""),
           frame(FrameType::kHeaders, kEndHeaders, 1, "\x80"),  // index 0
           frame(FrameType::kHeaders, kEndHeaders, 1, "\xBF"),  // an entry that is not there
           frame(FrameType::kHeaders, kEndHeaders, 1,
                 "\x40\x05"
                 "a"),  // a name that is not there
           frame(FrameType::kSettings, 0, 0, "\0\2\0\0\0\2"s),
           frame(FrameType::kSettings, 0, 0, "\0\4\x80\0\0\0"s),
           frame(FrameType::kSettings, 0, 0, "\0\5\0\0\x3F\xFF"s),
       }) {
    const auto events = events_of(bytes);
    ASSERT_FALSE(events.empty());
    EXPECT_THAT(events.back(), HasSubstr("broken: ")) << testing::PrintToString(bytes);
  }
}

TEST(Http2Decoder, a_frame_may_be_as_long_as_announced_and_no_longer) {
  EXPECT_THAT(events_of(data(1, std::string(kFrameBytesMax, 'x'), true)),
              ElementsAre("data 1 end " + std::string(kFrameBytesMax, 'x')));
  EXPECT_THAT(events_of(data(1, std::string(kFrameBytesMax + 1, 'x'), true)),
              ElementsAre("broken: a frame longer than announced"));
}

TEST(Http2Decoder, begins_with_the_preface_and_settings) {
  EXPECT_THAT(decode_all_ways("GET / HTTP/1.1\r\n"), ElementsAre(HasSubstr("broken: not the preface")));
  EXPECT_THAT(decode_all_ways(std::string(kPreface) + headers(1, request_block())),
              ElementsAre("broken: the first frame is not SETTINGS"));
  EXPECT_THAT(decode_all_ways(std::string(kPreface) + frame(FrameType::kSettings, kAck, 0)),
              ElementsAre("broken: the first frame is not SETTINGS"));
}

TEST(Http2Decoder, continuation_flood_ends_at_its_bound) {
  Http2Limits http2;
  http2.continuations_max = 2;
  const auto head_in = [](int continuations) {
    std::string bytes = greeting() + frame(FrameType::kHeaders, kEndStream, 1, request_block());
    for (int i = 1; i <= continuations; ++i)
      bytes += frame(FrameType::kContinuation, i == continuations ? kEndHeaders : std::uint8_t{0}, 1);
    return bytes;
  };
  EXPECT_THAT(decode(head_in(2), SIZE_MAX, http2).back(), HasSubstr("head 1 end"));
  EXPECT_EQ(decode(head_in(3), SIZE_MAX, http2).back(), "broken: a head of too many frames (flood)");
}

TEST(Http2Decoder, the_bytes_of_a_head_in_many_frames_are_bounded) {
  HttpLimits limits;
  limits.head_bytes_max = 1024;
  const auto head_of = [](std::size_t bytes) {
    std::string fields = block({{"a", std::string(bytes - 5, 'x')}});
    return greeting() + frame(FrameType::kHeaders, kEndStream, 1, fields.substr(0, 10)) +
           frame(FrameType::kContinuation, kEndHeaders, 1, fields.substr(10));
  };
  EXPECT_THAT(decode(head_of(1000), SIZE_MAX, {}, limits).back(), HasSubstr("head 1 end a=xxx"));
  EXPECT_EQ(decode(head_of(1100), SIZE_MAX, {}, limits).back(), "broken: a head of too many frames (flood)");
}

TEST(Http2Decoder, a_header_table_bomb_costs_no_memory) {
  // One entry of 4,000 bytes in the table, and a thousand references to it.
  const std::string entry = "\x40\x01"s + "a" + hpack_length(4000) + std::string(4000, 'x');
  const auto events = events_of(headers(1, entry + std::string(1000, '\xBE')) + headers(3, request_block()));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_THAT(events[0], HasSubstr(" over head-too-long"));
  EXPECT_LT(events[0].size(), 33'000U);
  EXPECT_THAT(events[1], HasSubstr("head 3 end :method=GET"));  // the table is still in step
}

TEST(Http2Decoder, owes_the_rest_of_a_head_and_nothing_between_frames) {
  Decoder decoder({}, {});
  EXPECT_TRUE(decoder.owes());
  const auto feed = [&decoder](std::string_view bytes) {
    while (!bytes.empty()) {
      const auto step = decoder.feed(bytes);
      ASSERT_TRUE(step);
      bytes.remove_prefix(step->consumed);
    }
  };
  feed(greeting());
  EXPECT_FALSE(decoder.owes());
  feed(data(1, "x").substr(0, 5));
  EXPECT_TRUE(decoder.owes());
  feed(data(1, "x").substr(5));
  EXPECT_FALSE(decoder.owes());
  feed(frame(FrameType::kHeaders, kEndStream, 1, "\x82"));
  EXPECT_TRUE(decoder.owes());
  feed(frame(FrameType::kContinuation, kEndHeaders, 1, "\x84"));
  EXPECT_FALSE(decoder.owes());
}

}  // namespace
}  // namespace caponier::http::h2
