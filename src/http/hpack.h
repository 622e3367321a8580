// Header compression (RFC 7541) over nghttp2: one decompressor and one compressor for each connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "http/h2_fields.h"

struct nghttp2_hd_inflater;
struct nghttp2_hd_deflater;

namespace caponier::http::h2 {

class HpackDecoder {
 public:
  explicit HpackDecoder(std::uint32_t table_bytes_max);
  // A whole header block. False if it is malformed: the connection cannot go on. What is over the limits is
  // decompressed all the same, or the next block could not be read.
  [[nodiscard]] bool decode(std::string_view block, const HttpLimits& limits, FieldBlock& fields);

 private:
  struct Free {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };
  std::unique_ptr<nghttp2_hd_inflater, Free> inflater_;
};

class HpackEncoder {
 public:
  explicit HpackEncoder(std::uint32_t table_bytes_max);
  // What the peer announced; ours stays the bound.
  void set_peer_table_bytes(std::uint32_t bytes);
  // Appends a header block of `lines` ("Name: value" CRLF each), which may begin with a status line. Fields
  // that have no place in HTTP/2 (RFC 9113, section 8.2.2) are left out. False if memory is out.
  [[nodiscard]] bool encode(std::string& out, std::string_view lines);
  // The same of a request line and fields, of which Host becomes :authority. `https`: the scheme.
  [[nodiscard]] bool encode_request(std::string& out, std::string_view lines, bool https);

 private:
  struct Free {
    void operator()(nghttp2_hd_deflater* deflater) const;
  };
  struct Line {
    std::uint32_t name_at;  // in names_
    std::uint32_t name_bytes;
    std::string_view value;
    bool passing;  // other each time: not worth a place in the table
  };
  void add(std::string_view name, std::string_view value);
  void add_line(std::string_view line);
  [[nodiscard]] bool append_block(std::string& out);

  std::uint32_t table_bytes_max_;
  std::unique_ptr<nghttp2_hd_deflater, Free> deflater_;
  std::string names_;  // in lower case
  std::vector<Line> lines_;
};

}  // namespace caponier::http::h2
