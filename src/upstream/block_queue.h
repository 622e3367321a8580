// Bytes that came and were not taken yet, in blocks of a pool. A piece that was taken stays where it is until
// the next one is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"

namespace caponier::upstream {

class BlockQueue {
 public:
  explicit BlockQueue(BlockPool& pool) : pool_(pool) {}
  ~BlockQueue() { clear(); }
  BlockQueue(const BlockQueue&) = delete;
  BlockQueue& operator=(const BlockQueue&) = delete;

  // From here on its memory is counted in `held`, which outlives what is in it; null: nowhere. Only while it
  // holds nothing.
  void count_in(std::int64_t* held) { held_ = held; }
  [[nodiscard]] bool empty() const { return blocks_.empty(); }
  void append(std::string_view bytes) {
    while (!bytes.empty()) {
      if (blocks_.empty() || blocks_.back().bytes == BlockPool::kBlockBytes) add_block();
      Block& last = blocks_.back();
      const std::size_t here = std::min(bytes.size(), BlockPool::kBlockBytes - last.bytes);
      std::memcpy(last.memory.get() + last.bytes, bytes.data(), here);
      last.bytes += here;
      bytes.remove_prefix(here);
    }
  }
  // What came first, at most a block of it; empty if nothing is here. Views it until the next call.
  std::string_view take() {
    drop_taken();
    if (blocks_.empty()) return {};
    taken_ = std::move(blocks_.front());
    blocks_.erase(blocks_.begin());
    return {taken_.memory.get(), taken_.bytes};
  }
  // Gives back what take() gave; returns its size.
  std::size_t drop_taken() {
    if (!taken_.memory) return 0;
    give(taken_);
    return std::exchange(taken_.bytes, 0);
  }
  void clear() {
    drop_taken();
    for (Block& block : blocks_) give(block);
    blocks_.clear();
  }

 private:
  struct Block {
    std::unique_ptr<char[]> memory;
    std::size_t bytes = 0;
  };
  void add_block() {
    blocks_.push_back({pool_.take(), 0});
    if (held_ != nullptr) *held_ += BlockPool::kBlockBytes;
  }
  void give(Block& block) {
    pool_.give(std::move(block.memory));
    if (held_ != nullptr) *held_ -= BlockPool::kBlockBytes;
  }

  BlockPool& pool_;
  std::int64_t* held_ = nullptr;
  std::vector<Block> blocks_;
  Block taken_;
};

}  // namespace caponier::upstream
