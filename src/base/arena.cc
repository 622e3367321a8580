#include "base/arena.h"

#include <algorithm>

namespace caponier {

// A fresh block, and the bytes from it.
void* Arena::allocate_block(std::size_t bytes, std::size_t alignment) {
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
  return take(-reinterpret_cast<std::uintptr_t>(at_) & (alignment - 1), bytes);
}

void Arena::reset() {
  in_use_ = 0;
  if (blocks_.empty()) return;
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin() + 1, blocks_.end());
  at_ = blocks_.front().bytes.get();
  end_ = at_ + blocks_.front().size;
}

}  // namespace caponier
