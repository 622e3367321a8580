#include "http/h1_encoder.h"

#include <gtest/gtest.h>

#include <utility>

namespace caponier::http {
namespace {

TEST(Encoder, lines_are_written_as_rfc_9112_has_them) {
  std::string out;
  append_status_line(out, 404);
  append_status_line(out, 599);
  EXPECT_TRUE(append_request_line(out, "GET", "/a?b=%20"));
  EXPECT_TRUE(append_header(out, "X-A", "b\tc \xe9"));
  EXPECT_TRUE(append_header(out, "X-B", ""));
  append_content_length(out, 18446744073709551615ULL);
  append_chunk_head(out, 26);
  append_last_chunk(out);
  EXPECT_EQ(out,
            "HTTP/1.1 404 Not Found\r\nHTTP/1.1 599 \r\nGET /a?b=%20 HTTP/1.1\r\nX-A: b\tc \xe9\r\nX-B: \r\n"
            "Content-Length: 18446744073709551615\r\n1a\r\n0\r\n\r\n");
}

TEST(Encoder, a_control_character_is_found_wherever_it_stands) {
  std::string out;
  for (std::size_t i = 0; i < 200; ++i) {
    std::string value(200, 'a');
    for (const char c : {'\0', '\x1f', '\n', '\x7f'}) {
      value[i] = c;
      EXPECT_FALSE(append_header(out, "A", value)) << i;
    }
    for (const char c : {'\t', ' ', '~', '\x80', '\xff'}) {
      value[i] = c;
      EXPECT_TRUE(append_header(out, "A", value)) << i;
    }
  }
}

TEST(Encoder, what_could_break_the_framing_appends_nothing) {
  std::string out = "x";
  const std::string long_text(40, 'a');
  for (const std::string& value :
       {std::string("a\r\nB: c"), std::string("a\n"), std::string("\r"), std::string("a\0b", 3),
        std::string("\x1b"), std::string("\x7f"), long_text + "\n" + long_text, long_text + "\r"}) {
    EXPECT_FALSE(append_header(out, "A", value));
  }
  for (const char* bad_name : {"", "A:", "A B", "A\r\n", "\xe9"})
    EXPECT_FALSE(append_header(out, bad_name, "b"));
  // Of a header that was decoded, too; of a family of names only the beginning is known.
  TextWriter text(out);
  EXPECT_FALSE(append_header(text, Header{"Accept", "b", Field::kAccept}, "a\r\nB: c"));
  EXPECT_FALSE(append_header(text, Header{"X-A B", "b", Field::kOther}, "b"));
  for (const auto& [name, field] :
       {std::pair("X-Forwarded-\r\n", Field::kXForwarded), std::pair("Caponier-A:", Field::kCaponier),
        std::pair("RateLimit-A B", Field::kRateLimit)}) {
    EXPECT_EQ(parse_field(name), field);
    EXPECT_FALSE(append_header(text, Header{name, "b", field}, "b"));
  }
  text.flush();
  EXPECT_FALSE(append_request_line(out, "GET", "/a b"));
  EXPECT_FALSE(append_request_line(out, "GET", "/a\r\nX: y"));
  EXPECT_FALSE(append_request_line(out, "GET", ""));
  EXPECT_FALSE(append_request_line(out, "G T", "/"));
  EXPECT_EQ(out, "x");
}

}  // namespace
}  // namespace caponier::http
