// What the store says about identities, for requests to be judged by: process-wide, immutable, replaced as
// one. It belongs to no Plan: a key that is revoked is revoked for whatever document is served.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "plan/known_keys.h"
#include "plan/revocations.h"

namespace caponier::plan {

struct IdentityFacts {
  std::shared_ptr<const KnownKeys> keys = std::make_shared<const KnownKeys>(nullptr);
  std::shared_ptr<const Revocations> revocations = std::make_shared<const Revocations>();
};

class IdentitySource {
 public:
  void install(std::shared_ptr<const IdentityFacts> facts) {
    const std::lock_guard lock(mutex_);
    facts_ = std::move(facts);
    epoch_.fetch_add(1, std::memory_order_release);
    if (watcher_) watcher_();
  }
  // Called when other facts are in force, on the thread that installs them; it may not ask this object
  // anything. Empty: nobody watches, and no call is under way when this returns.
  void watch(std::function<void()> watcher) {
    const std::lock_guard lock(mutex_);
    watcher_ = std::move(watcher);
  }
  // Another number than before: other facts are in force.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  [[nodiscard]] std::shared_ptr<const IdentityFacts> get() const {
    const std::lock_guard lock(mutex_);
    return facts_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const IdentityFacts> facts_ = std::make_shared<const IdentityFacts>();
  std::function<void()> watcher_;
  std::atomic<std::uint64_t> epoch_{1};
};

// As one worker sees them: asking costs a look at a number that seldom changes, and keeping them counts in
// memory that no other worker touches.
class IdentityView {
 public:
  explicit IdentityView(std::shared_ptr<const IdentitySource> source) : source_(std::move(source)) {}
  // Who keeps a part of it keeps it.
  [[nodiscard]] const std::shared_ptr<const IdentityFacts>& now() {
    const std::uint64_t epoch = source_->epoch();
    if (epoch != seen_) {
      auto own = std::make_shared<const std::shared_ptr<const IdentityFacts>>(source_->get());
      facts_ = std::shared_ptr<const IdentityFacts>(own, own->get());
      seen_ = epoch;
    }
    return facts_;
  }

 private:
  std::shared_ptr<const IdentitySource> source_;
  std::shared_ptr<const IdentityFacts> facts_;
  std::uint64_t seen_ = 0;
};

}  // namespace caponier::plan
