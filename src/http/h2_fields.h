// The fields of one HTTP/2 head as they were decompressed, in memory of their own, which is reused. Bounded
// like a head of HTTP/1.1: what is over a bound is not kept, and the block says so.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "http/decode_error.h"
#include "http/message.h"

namespace caponier::http::h2 {

class FieldBlock {
 public:
  void begin();
  void add(std::string_view name, std::string_view value, const HttpLimits& limits);
  // The bound that was passed, if one was.
  [[nodiscard]] std::optional<DecodeError> over() const { return over_; }
  // Bytes of names and values, each with what separates them in HTTP/1.1.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t capacity() const { return text_.capacity(); }

  // Once all are here: the fields in their order. Views of this object, until begin().
  std::span<Header> headers();
  // Room for a text made of several values; only before headers().
  [[nodiscard]] std::size_t count() const { return lines_.size(); }
  [[nodiscard]] std::string_view name(std::size_t at) const;
  [[nodiscard]] std::string_view value(std::size_t at) const;
  // Makes one field of all that are called `cookie` (RFC 9113, section 8.2.3).
  void join_cookies();

 private:
  // Offsets: the text may move while it grows.
  struct Line {
    std::uint32_t name_at;
    std::uint32_t name_bytes;
    std::uint32_t value_at;
    std::uint32_t value_bytes;
  };

  std::string text_;
  std::vector<Line> lines_;
  std::vector<Header> headers_;
  std::size_t bytes_ = 0;
  std::optional<DecodeError> over_;
};

}  // namespace caponier::http::h2
