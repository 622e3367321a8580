#include "http/content_coding.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace caponier::http {
namespace {

std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
std::string gzipped(std::string_view text) {
  return deflated(text, 15 + 16);
}

std::string outcome(Coding coding, std::string_view encoded, InflateBounds bounds = {1 << 20, 100}) {
  std::string out;
  const auto decoded = inflate(coding, encoded, bounds, out);
  return decoded ? std::string(*decoded) : std::string(name(decoded.error()));
}

TEST(ContentCoding, names_one_that_is_decoded) {
  EXPECT_EQ(parse_coding("GZIP"), Coding::kGzip);
  EXPECT_EQ(parse_coding("x-gzip"), Coding::kGzip);
  EXPECT_EQ(parse_coding("deflate"), Coding::kDeflate);
  EXPECT_EQ(parse_coding("identity"), Coding::kIdentity);
  for (const char* other : {"br", "zstd", "compress", "gzip, gzip", "gzip,identity", ""})
    EXPECT_FALSE(parse_coding(other));
}

TEST(ContentCoding, decodes_what_was_encoded_and_nothing_else) {
  const std::string text = R"({"item":"tea"})";
  EXPECT_EQ(outcome(Coding::kGzip, gzipped(text)), text);
  EXPECT_EQ(outcome(Coding::kDeflate, deflated(text, 15)), text);
  EXPECT_EQ(outcome(Coding::kGzip, gzipped("")), "");
  EXPECT_EQ(outcome(Coding::kGzip, deflated(text, 15)), "malformed");
  EXPECT_EQ(outcome(Coding::kDeflate, deflated(text, -15)), "malformed");
  EXPECT_EQ(outcome(Coding::kGzip, text), "malformed");
  EXPECT_EQ(outcome(Coding::kGzip, ""), "truncated");
  EXPECT_EQ(outcome(Coding::kGzip, gzipped(text) + "x"), "trailing-bytes");
  EXPECT_EQ(outcome(Coding::kGzip, gzipped(text) + gzipped(text)), "trailing-bytes");
  const std::string whole = gzipped(text);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(outcome(Coding::kGzip, whole.substr(0, size)), "truncated") << size;
  }
}

TEST(ContentCoding, a_bomb_is_refused_by_size_and_by_ratio) {
  const std::string text(1000, 'x');
  EXPECT_EQ(outcome(Coding::kGzip, gzipped(text), {1000, 1000}), text);
  EXPECT_EQ(outcome(Coding::kGzip, gzipped(text), {999, 1000}), "too-large");
  // Small bodies are forgiven any ratio; past that, a run of one letter shrinks about a thousand times.
  const std::string free(kInflateFreeBytes, 'x');
  EXPECT_EQ(outcome(Coding::kGzip, gzipped(free), {1 << 20, 10}), free);
  EXPECT_EQ(outcome(Coding::kGzip, gzipped(free + "x"), {1 << 20, 10}), "too-many-times");
  EXPECT_EQ(outcome(Coding::kGzip, gzipped(std::string(100'000'000, 'x')), {1 << 30, 100}), "too-many-times");
}

}  // namespace
}  // namespace caponier::http
