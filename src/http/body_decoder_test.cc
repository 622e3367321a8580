#include <gtest/gtest.h>

#include <string>

#include "http/h1_decoder.h"

namespace caponier::http {
namespace {

struct Outcome {
  std::string body;
  std::string rest;  // what was not consumed
  std::string error;
  bool complete = false;
};

// Gives the decoder what is left of `bytes` until it takes nothing more.
void drain(BodyDecoder& decoder, std::string& bytes, Outcome& outcome) {
  while (outcome.error.empty()) {
    const auto piece = decoder.feed(bytes);
    if (!piece) {
      outcome.error = name(piece.error());
      return;
    }
    outcome.body += piece->data;
    bytes.erase(0, piece->consumed);
    if (piece->consumed == 0 || decoder.complete()) return;
  }
}

Outcome decode(BodyLength length, const std::vector<std::string>& fragments, const HttpLimits& limits = {}) {
  BodyDecoder decoder(length, limits);
  Outcome outcome;
  std::string pending;
  for (const std::string& fragment : fragments) {
    pending += fragment;
    drain(decoder, pending, outcome);
  }
  outcome.rest = pending;
  outcome.complete = decoder.complete();
  return outcome;
}

const BodyLength kChunkedBody{BodyKind::kChunked, 0};

struct Case {
  const char* what;
  std::string bytes;
  std::string body;
  std::string rest;
  std::string error;
};

std::vector<Case> chunked_cases() {
  return {
      {"empty", "0\r\n\r\n", "", "", ""},
      {"one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello", "", ""},
      {"two chunks and the next message", "1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\nGET /", "a0123456789",
       "GET /", ""},
      {"crlf in the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", "", ""},
      {"leading zeros up to sixteen digits", "0000000000000001\r\na\r\n0000000000000000\r\n\r\n", "a", "",
       ""},
      {"trailers are dropped", "0\r\nA: b\r\nC:\td e\r\n\r\nx", "", "x", ""},
      {"extension", "1;a=b\r\na\r\n0\r\n\r\n", "", "", "chunk"},
      {"extension on the last chunk", "0;a\r\n\r\n", "", "", "chunk"},
      {"space after the size", "1 \r\na\r\n0\r\n\r\n", "", "", "chunk"},
      {"space before the size", " 1\r\na\r\n0\r\n\r\n", "", "", "chunk"},
      {"prefix 0x", "0x1\r\na\r\n0\r\n\r\n", "", "", "chunk"},
      {"sign", "+1\r\na\r\n0\r\n\r\n", "", "", "chunk"},
      {"negative", "-1\r\na\r\n0\r\n\r\n", "", "", "chunk"},
      {"no size", "\r\na\r\n0\r\n\r\n", "", "", "chunk"},
      {"seventeen digits", "00000000000000001\r\na", "", "", "chunk"},
      {"overflow", "10000000000000000\r\na", "", "", "chunk"},
      {"bare line feed after the size", "1\na\r\n0\r\n\r\n", "", "", "chunk"},
      {"bare carriage return after the size", "1\ra\r\n0\r\n\r\n", "", "", "chunk"},
      {"data longer than its size", "1\r\nab\r\n0\r\n\r\n", "a", "", "chunk"},
      {"bare line feed after the data", "1\r\na\n0\r\n\r\n", "a", "", "chunk"},
      {"no line end after the data", "1\r\na0\r\n\r\n", "a", "", "chunk"},
      {"carriage return alone after the data", "1\r\na\r0\r\n\r\n", "a", "", "chunk"},
      {"bare line feed at the end", "0\r\n\n", "", "", "trailer"},
      {"carriage return alone at the end", "0\r\n\rX", "", "", "trailer"},
      {"folded trailer", "0\r\nA: b\r\n c\r\n\r\n", "", "", "trailer"},
      {"trailer without a name", "0\r\n: b\r\n\r\n", "", "", "trailer"},
      {"trailer without a colon", "0\r\nA\r\n\r\n", "", "", "trailer"},
      {"space before the colon of a trailer", "0\r\nA : b\r\n\r\n", "", "", "trailer"},
      {"control character in a trailer", "0\r\nA: \x01\r\n\r\n", "", "", "trailer"},
      {"bare line feed in a trailer", "0\r\nA: b\nC: d\r\n\r\n", "", "", "trailer"},
      {"request smuggled as a trailer", "0\r\nGET / HTTP/1.1\r\n\r\n", "", "", "trailer"},
  };
}

TEST(BodyDecoder, chunked_bodies_are_taken_out_of_their_framing_or_refused) {
  for (const Case& each : chunked_cases()) {
    const Outcome outcome = decode(kChunkedBody, {each.bytes});
    EXPECT_EQ(outcome.error, each.error) << each.what;
    EXPECT_EQ(outcome.body, each.body) << each.what;
    EXPECT_EQ(outcome.complete, each.error.empty()) << each.what;
    if (each.error.empty()) {
      EXPECT_EQ(outcome.rest, each.rest) << each.what;
    }
  }
}

TEST(BodyDecoder, chunked_bodies_read_the_same_split_at_every_position) {
  for (const Case& each : chunked_cases()) {
    for (std::size_t split = 0; split <= each.bytes.size(); ++split) {
      const Outcome outcome = decode(kChunkedBody, {each.bytes.substr(0, split), each.bytes.substr(split)});
      EXPECT_EQ(outcome.error, each.error) << each.what << " at " << split;
      EXPECT_EQ(outcome.body, each.body) << each.what << " at " << split;
      if (each.error.empty()) {
        EXPECT_EQ(outcome.rest, each.rest) << each.what << " at " << split;
      }
    }
  }
}

TEST(BodyDecoder, chunked_bodies_read_the_same_byte_by_byte) {
  for (const Case& each : chunked_cases()) {
    std::vector<std::string> bytes;
    for (char c : each.bytes) bytes.emplace_back(1, c);
    const Outcome outcome = decode(kChunkedBody, bytes);
    EXPECT_EQ(outcome.error, each.error) << each.what;
    EXPECT_EQ(outcome.body, each.body) << each.what;
  }
}

TEST(BodyDecoder, a_body_cut_short_is_never_complete) {
  for (const Case& each : chunked_cases()) {
    if (!each.error.empty()) continue;
    const std::size_t whole = each.bytes.size() - each.rest.size();
    for (std::size_t cut = 0; cut < whole; ++cut) {
      BodyDecoder decoder(kChunkedBody, {});
      Outcome outcome;
      std::string bytes = each.bytes.substr(0, cut);
      drain(decoder, bytes, outcome);
      EXPECT_FALSE(decoder.complete()) << each.what << " at " << cut;
      EXPECT_FALSE(decoder.finish_on_close()) << each.what << " at " << cut;
    }
  }
}

TEST(BodyDecoder, trailers_hold_at_their_limit_and_break_one_past_it) {
  HttpLimits limits;
  limits.trailer_bytes_max = 40;
  const std::string at_limit = "A: " + std::string(35, 'b') + "\r\n";
  EXPECT_TRUE(decode(kChunkedBody, {"0\r\n" + at_limit + "\r\n"}, limits).complete);
  EXPECT_EQ(decode(kChunkedBody, {"0\r\nB" + at_limit + "\r\n"}, limits).error, "trailer");
  EXPECT_EQ(decode(kChunkedBody, {"0\r\n" + at_limit + "B:\r\n\r\n"}, limits).error, "trailer");
}

TEST(BodyDecoder, a_failed_decoder_stays_failed) {
  BodyDecoder decoder(kChunkedBody, {});
  EXPECT_FALSE(decoder.feed("x").ok());
  EXPECT_FALSE(decoder.feed("0\r\n\r\n").ok());
  EXPECT_FALSE(decoder.complete());
}

TEST(BodyDecoder, a_counted_body_ends_where_it_says) {
  const Outcome outcome = decode({BodyKind::kLength, 5}, {"he", "llo", "GET /"});
  EXPECT_EQ(outcome.body, "hello");
  EXPECT_EQ(outcome.rest, "GET /");
  EXPECT_TRUE(outcome.complete);
  BodyDecoder cut({BodyKind::kLength, 5}, {});
  EXPECT_EQ(cut.feed("hell")->data, "hell");
  EXPECT_FALSE(cut.finish_on_close());
}

TEST(BodyDecoder, no_body_and_an_empty_body_are_complete_at_once) {
  EXPECT_TRUE(decode({BodyKind::kNone, 0}, {}).complete);
  EXPECT_TRUE(decode({BodyKind::kLength, 0}, {}).complete);
  EXPECT_EQ(decode({BodyKind::kNone, 0}, {"GET /"}).rest, "GET /");
}

TEST(BodyDecoder, a_body_until_close_ends_with_the_connection) {
  BodyDecoder decoder({BodyKind::kUntilClose, 0}, {});
  EXPECT_EQ(decoder.feed("abc")->data, "abc");
  EXPECT_FALSE(decoder.complete());
  EXPECT_TRUE(decoder.finish_on_close());
  EXPECT_TRUE(decoder.complete());
}

}  // namespace
}  // namespace caponier::http
