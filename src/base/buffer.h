// A byte buffer that is filled at its end and consumed from its front. Its memory comes in blocks from a pool
// of the same thread and goes back when the owner is idle, so that a quiet connection holds none. Bytes move
// only in reserve(), so that views into it hold until then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace caponier {

// Blocks of one size, kept for reuse; at most `kept_max` of them are kept.
class BlockPool {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{16} * 1024;
  explicit BlockPool(std::size_t kept_max = 256, std::size_t block_bytes = kBlockBytes)
      : kept_max_(kept_max), block_bytes_(block_bytes) {}

  std::unique_ptr<char[]> take() {
    ++in_use_;
    if (free_.empty()) return std::unique_ptr<char[]>(new char[block_bytes_]);
    auto block = std::move(free_.back());
    free_.pop_back();
    return block;
  }
  void give(std::unique_ptr<char[]> block) {
    --in_use_;
    if (free_.size() < kept_max_) free_.push_back(std::move(block));
  }
  [[nodiscard]] std::size_t block_bytes() const { return block_bytes_; }
  // Memory that those who take blocks hold beside them.
  void note_beside(std::int64_t bytes) { beside_bytes_ += bytes; }
  [[nodiscard]] std::size_t bytes_in_use() const {
    return in_use_ * block_bytes_ + static_cast<std::size_t>(beside_bytes_);
  }

 private:
  std::size_t kept_max_;
  std::size_t block_bytes_;
  std::size_t in_use_ = 0;
  std::int64_t beside_bytes_ = 0;
  std::vector<std::unique_ptr<char[]>> free_;
};

class Buffer {
 public:
  explicit Buffer(BlockPool& pool) : pool_(&pool) {}
  ~Buffer() { release(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  [[nodiscard]] std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  // Room behind the last byte, without moving anything.
  [[nodiscard]] char* tail() { return bytes_.get() + end_; }
  [[nodiscard]] std::size_t tail_room() const { return capacity_ - end_; }
  void commit(std::size_t bytes) { end_ += bytes; }
  void consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Takes `bytes` bytes out at `at` (relative to view()), moving what follows to the left.
  void cut(std::size_t at, std::size_t bytes) {
    char* from = bytes_.get() + begin_ + at;
    std::memmove(from, from + bytes, size() - at - bytes);
    end_ -= bytes;
  }
  // Makes room for `more` bytes at the tail; may move. The first block comes from the pool, a larger one from
  // the heap.
  void reserve(std::size_t more) {
    if (tail_room() >= more) return;
    if (capacity_ - size() >= more) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, size());
      end_ = size();
      begin_ = 0;
      return;
    }
    const std::size_t wanted = size() + more;
    const bool pooled = wanted <= pool_->block_bytes();
    const std::size_t bytes = pooled ? pool_->block_bytes() : wanted;
    auto fresh = pooled ? pool_->take() : std::unique_ptr<char[]>(new char[bytes]);
    const std::size_t kept = size();
    if (kept > 0) std::memcpy(fresh.get(), bytes_.get() + begin_, kept);
    drop_memory();
    bytes_ = std::move(fresh);
    pooled_ = pooled;
    capacity_ = bytes;
    begin_ = 0;
    end_ = kept;
  }
  // Forgets all bytes and gives the memory back.
  void release() {
    drop_memory();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  void drop_memory() {
    if (bytes_ && pooled_) pool_->give(std::move(bytes_));
    bytes_.reset();
  }
  BlockPool* pool_;
  std::unique_ptr<char[]> bytes_;
  bool pooled_ = false;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace caponier
