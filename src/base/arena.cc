#include "base/arena.h"

#include <algorithm>

namespace caponier {

void* Arena::allocate(std::size_t bytes, std::size_t alignment) {
  const auto padding = [this, alignment] {
    return (alignment - reinterpret_cast<std::uintptr_t>(at_) % alignment) % alignment;
  };
  std::size_t skipped = padding();
  const auto left = static_cast<std::size_t>(end_ - at_);
  if (at_ == nullptr || skipped > left || bytes > left - skipped) {
    if (bytes > SIZE_MAX / 2) std::abort();
    std::size_t size = first_bytes_;
    if (!blocks_.empty() || bytes + alignment > first_bytes_) {
      // The first block is always of the size asked for, so that what stays after reset() is bounded.
      if (blocks_.empty()) blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
      size = std::max(blocks_.back().size * 2, bytes + alignment);
    }
    blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
    at_ = blocks_.back().bytes.get();
    end_ = at_ + size;
    skipped = padding();
  }
  void* const result = at_ + skipped;
  at_ += skipped + bytes;
  in_use_ += skipped + bytes;
  return result;
}

void Arena::reset() {
  in_use_ = 0;
  if (blocks_.empty()) return;
  blocks_.erase(blocks_.begin() + 1, blocks_.end());
  at_ = blocks_.front().bytes.get();
  end_ = at_ + blocks_.front().size;
}

}  // namespace caponier
