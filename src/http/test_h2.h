// Frames as any client could write them, right and wrong; for tests and fuzzers.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "http/h2_frame.h"

namespace caponier::http::h2 {

// What a fuzzer can reach in a few bytes.
inline HttpLimits small_limits() {
  HttpLimits limits;
  limits.request_line_bytes_max = 256;
  limits.header_line_bytes_max = 256;
  limits.head_bytes_max = 1024;
  limits.header_count_max = 8;
  return limits;
}

inline std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream,
                         std::string_view payload = {}) {
  std::string out;
  append_frame_head(
      out, {static_cast<std::uint32_t>(payload.size()), static_cast<std::uint8_t>(type), flags, stream});
  return out.append(payload);
}

inline std::string u32(std::uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16), static_cast<char>(number >> 8),
          static_cast<char>(number)};
}

// An integer with a prefix of 7 bits (RFC 7541, section 5.1).
inline std::string hpack_length(std::size_t length) {
  if (length < 127) return {static_cast<char>(length)};
  std::string out = {127};
  for (length -= 127; length >= 128; length /= 128) out += static_cast<char>(length % 128 + 128);
  return out += static_cast<char>(length);
}

// A literal without indexing: any bytes whatever.
inline std::string field(std::string_view name, std::string_view value) {
  std::string out(1, '\0');
  out.append(hpack_length(name.size())).append(name);
  return out.append(hpack_length(value.size())).append(value);
}

using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

inline std::string block(Fields fields) {
  std::string out;
  for (const auto& [name, value] : fields) out += field(name, value);
  return out;
}

inline std::string request_block(Fields more = {}, std::string_view method = "GET",
                                 std::string_view path = "/") {
  return block({{":method", method}, {":scheme", "https"}, {":authority", "localhost"}, {":path", path}}) +
         block(more);
}

inline std::string headers(std::uint32_t stream, std::string_view fields, bool ends = true) {
  const auto flags = static_cast<std::uint8_t>(kEndHeaders | (ends ? kEndStream : 0));
  return frame(FrameType::kHeaders, flags, stream, fields);
}

inline std::string data(std::uint32_t stream, std::string_view bytes, bool ends = false) {
  return frame(FrameType::kData, ends ? kEndStream : std::uint8_t{0}, stream, bytes);
}

inline std::string greeting() {
  return std::string(kPreface) + frame(FrameType::kSettings, 0, 0);
}

}  // namespace caponier::http::h2
