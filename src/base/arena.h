// A bump allocator for what lives as long as one exchange. reset() keeps the first block, so that a warm
// arena serves the next request without asking the heap. Destructors are not run: only trivial things live
// here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace caponier {

class Arena {
 public:
  explicit Arena(std::size_t first_block_bytes = 4096) : first_bytes_(first_block_bytes) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
    const std::size_t skipped = -reinterpret_cast<std::uintptr_t>(at_) & (alignment - 1);
    const auto left = static_cast<std::size_t>(end_ - at_);
    if (at_ == nullptr || skipped > left || bytes > left - skipped) return allocate_block(bytes, alignment);
    return take(skipped, bytes);
  }

  template <class T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count > SIZE_MAX / sizeof(T)) std::abort();
    T* first = static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    for (std::size_t i = 0; i < count; ++i) new (first + i) T();
    return {first, count};
  }

  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T), alignof(T))) T{static_cast<Args&&>(args)...};
  }

  // A copy of `text` that lives until reset().
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  // Everything handed out is gone; the first block stays.
  void reset();
  [[nodiscard]] std::size_t bytes_in_use() const { return in_use_; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
  };
  void* take(std::size_t skipped, std::size_t bytes) {
    void* const result = at_ + skipped;
    at_ += skipped + bytes;
    in_use_ += skipped + bytes;
    return result;
  }
  void* allocate_block(std::size_t bytes, std::size_t alignment);

  std::size_t first_bytes_;
  std::vector<Block> blocks_;
  std::byte* at_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t in_use_ = 0;
};

}  // namespace caponier
