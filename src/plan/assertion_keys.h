// The keys by which the gateway vouches for callers, as they are at the moment: process-wide, immutable,
// replaced as one. They belong to no Plan: a key rotates while a Plan stays, and stays while Plans are
// reloaded.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "jose/assertion_key.h"

namespace caponier::plan {

struct AssertionKeys {
  std::shared_ptr<const jose::AssertionKey> signing;  // null: none
  std::string key_set = R"({"keys":[]})";             // what is published: a JWK Set
};

class AssertionKeySource {
 public:
  void install(std::shared_ptr<const AssertionKeys> keys) {
    const std::lock_guard lock(mutex_);
    keys_ = std::move(keys);
    epoch_.fetch_add(1, std::memory_order_release);
  }
  // Another number than before: other keys are in force.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  [[nodiscard]] std::shared_ptr<const AssertionKeys> get() const {
    const std::lock_guard lock(mutex_);
    return keys_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const AssertionKeys> keys_ = std::make_shared<const AssertionKeys>();
  std::atomic<std::uint64_t> epoch_{1};
};

// As one worker sees them: asking costs a look at a number that seldom changes.
class AssertionKeyView {
 public:
  explicit AssertionKeyView(std::shared_ptr<const AssertionKeySource> source) : source_(std::move(source)) {}
  // Valid until asked again.
  [[nodiscard]] const AssertionKeys& now() {
    const std::uint64_t epoch = source_->epoch();
    if (epoch != seen_) {
      keys_ = source_->get();
      seen_ = epoch;
    }
    return *keys_;
  }

 private:
  std::shared_ptr<const AssertionKeySource> source_;
  std::shared_ptr<const AssertionKeys> keys_;
  std::uint64_t seen_ = 0;
};

}  // namespace caponier::plan
