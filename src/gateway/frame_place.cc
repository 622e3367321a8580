#include "gateway/frame_place.h"

#include <algorithm>

namespace caponier::gateway {
namespace {

constexpr std::size_t kShortHeadBytes = 2;
constexpr std::size_t kMaskBytes = 4;
constexpr unsigned kMaskBit = 0x80;
constexpr unsigned kLength16 = 126;
constexpr unsigned kLength64 = 127;
constexpr unsigned kOpcodeBits = 0x0f;
constexpr unsigned kClose = 8;

constexpr std::size_t length_bytes(unsigned length) {
  if (length == kLength16) return 2;
  return length == kLength64 ? 8 : 0;
}

}  // namespace

void FramePlace::pass(std::string_view bytes) {
  while (!bytes.empty()) {
    if (left_ > 0) {
      const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      left_ -= take;
      bytes.remove_prefix(take);
      continue;
    }
    head_[head_bytes_++] = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (head_bytes_ == head_bytes_due()) end_head();
  }
}

std::size_t FramePlace::head_bytes_due() const {
  if (head_bytes_ < kShortHeadBytes) return kShortHeadBytes;
  return kShortHeadBytes + length_bytes(head_[1] & ~kMaskBit) + ((head_[1] & kMaskBit) != 0 ? kMaskBytes : 0);
}

void FramePlace::end_head() {
  const unsigned length = head_[1] & ~kMaskBit;
  left_ = length;
  if (length >= kLength16) {
    left_ = 0;
    for (std::size_t i = 0; i < length_bytes(length); ++i) left_ = left_ << 8 | head_[kShortHeadBytes + i];
  }
  if ((head_[0] & kOpcodeBits) == kClose) closed_ = true;
  head_bytes_ = 0;
}

}  // namespace caponier::gateway
