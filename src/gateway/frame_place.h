// Where a stream of WebSocket frames (RFC 6455, section 5.2) is: between two of them, or within one. The
// frames belong to the API and are not judged; but who wants to add one of its own must know where one ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace caponier::gateway {

class FramePlace {
 public:
  // What goes by, in pieces of any size.
  void pass(std::string_view bytes);
  // Here one more frame may follow: between two, and nobody has said the last word.
  [[nodiscard]] bool may_add() const { return head_bytes_ == 0 && left_ == 0 && !closed_; }

 private:
  static constexpr std::size_t kHeadBytesMax = 14;

  [[nodiscard]] std::size_t head_bytes_due() const;
  void end_head();

  std::array<unsigned char, kHeadBytesMax> head_{};
  std::size_t head_bytes_ = 0;
  std::uint64_t left_ = 0;  // of the payload
  bool closed_ = false;
};

}  // namespace caponier::gateway
