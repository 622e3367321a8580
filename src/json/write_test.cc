#include "json/write.h"

#include <gtest/gtest.h>

#include "json/document.h"

namespace caponier::json {
namespace {

using namespace std::string_view_literals;

std::string write(std::string_view text) {
  std::string out = "x=";
  append_string(out, text);
  return out.substr(2);
}

TEST(AppendString, what_could_forge_a_line_or_move_a_cursor_is_escaped) {
  struct Case {
    std::string_view text;
    std::string_view written;
  };
  const Case cases[] = {
      {"", R"("")"},
      {"plain text /", R"("plain text /")"},
      {"\"\\", R"("\"\\")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {"\0\x01\x1B[31m\x1F"sv, R"("\u0000\u0001\u001b[31m\u001f")"},
      {"\x7F", R"("\u007f")"},
      {"\xC2\x80\xC2\x9B\xC2\x9F\xC2\xA0", "\"\\u0080\\u009b\\u009f\xC2\xA0\""},
      {"\xE2\x80\xA8\xE2\x80\xA9", R"("\u2028\u2029")"},
      {"\xE2\x80\xAA\xE2\x80\xAE\xE2\x81\xA6\xE2\x81\xA9", R"("\u202a\u202e\u2066\u2069")"},
      {"\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C", R"("\u200e\u200f\u061c")"},
      {"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "\"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\""},
      {"a\xFFz", "\"a\xEF\xBF\xBDz\""},
      {"\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
  };
  for (const Case& c : cases) EXPECT_EQ(write(c.text), c.written);
}

TEST(AppendString, every_pair_of_bytes_is_written_as_one_line_of_valid_json) {
  Document document;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string written = write(std::string{static_cast<char>(first), static_cast<char>(second)});
      ASSERT_TRUE(document.read(written, {})) << written;
      for (const char c : written) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
    }
  }
}

}  // namespace
}  // namespace caponier::json
