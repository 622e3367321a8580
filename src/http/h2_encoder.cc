#include "http/h2_encoder.h"

#include <algorithm>

namespace caponier::http::h2 {
namespace {

// The block stands behind `at`, with room for its first frame's head.
void frame_block(std::string& out, std::size_t at, std::uint32_t stream, bool ends_stream) {
  const std::size_t block_bytes = out.size() - at - kFrameHeadBytes;
  FrameHead frame{static_cast<std::uint32_t>(std::min<std::size_t>(block_bytes, kFrameBytesMax)),
                  static_cast<std::uint8_t>(FrameType::kHeaders), ends_stream ? kEndStream : std::uint8_t{0},
                  stream};
  std::size_t done = frame.bytes;
  if (done == block_bytes) frame.flags |= kEndHeaders;
  write_frame_head(out.data() + at, frame);
  while (done < block_bytes) {
    frame = {static_cast<std::uint32_t>(std::min<std::size_t>(block_bytes - done, kFrameBytesMax)),
             static_cast<std::uint8_t>(FrameType::kContinuation), 0, stream};
    if (done + frame.bytes == block_bytes) frame.flags = kEndHeaders;
    // Each frame before this one has a head and a full payload.
    const std::size_t frames = done / kFrameBytesMax;
    const std::size_t place = at + frames * (kFrameBytesMax + kFrameHeadBytes);
    out.insert(place, kFrameHeadBytes, '\0');
    write_frame_head(out.data() + place, frame);
    done += frame.bytes;
  }
}

}  // namespace

bool append_head(std::string& out, HpackEncoder& hpack, std::uint32_t stream, std::string_view lines,
                 bool ends_stream) {
  const std::size_t at = out.size();
  out.resize(at + kFrameHeadBytes);
  const bool encoded = hpack.encode(out, lines);
  if (encoded) {
    frame_block(out, at, stream, ends_stream);
  } else {
    out.resize(at);
  }
  return encoded;
}

bool append_request(std::string& out, HpackEncoder& hpack, std::uint32_t stream, std::string_view lines,
                    bool https, bool ends_stream) {
  const std::size_t at = out.size();
  out.resize(at + kFrameHeadBytes);
  const bool encoded = hpack.encode_request(out, lines, https);
  if (encoded) {
    frame_block(out, at, stream, ends_stream);
  } else {
    out.resize(at);
  }
  return encoded;
}

void append_data(std::string& out, std::uint32_t stream, std::string_view first, std::string_view second,
                 bool ends_stream) {
  append_frame_head(
      out, {static_cast<std::uint32_t>(first.size() + second.size()),
            static_cast<std::uint8_t>(FrameType::kData), ends_stream ? kEndStream : std::uint8_t{0}, stream});
  out.append(first).append(second);
}

}  // namespace caponier::http::h2
