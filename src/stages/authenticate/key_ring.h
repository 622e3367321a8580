// The key sets of a Plan's issuers: read by the authenticate stage, replaced by fetch/. A set belongs to its
// issuer and not to the Plan: Plans that follow each other, and issuers that several schemes name, share one.
// A generation goes up with every replacement, so that cached facts about tokens fall with the keys that
// proved them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "jose/key_set.h"

namespace caponier::stages {

// Of one issuer. Read by any thread, replaced by one.
class KeySlot {
 public:
  // Null: there are none, or they are too old to be trusted.
  [[nodiscard]] std::shared_ptr<const jose::KeySet> get() const { return std::atomic_load(&keys_); }
  // 0 before the first load.
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  void install(std::shared_ptr<const jose::KeySet> keys) {
    std::atomic_store(&keys_, std::move(keys));
    generation_.fetch_add(1, std::memory_order_acq_rel);
  }

 private:
  std::shared_ptr<const jose::KeySet> keys_;
  std::atomic<std::uint64_t> generation_{0};
};

class KeyRing {
 public:
  // Indexed by the Plan's issuers; `id` tells the rings of a process apart.
  explicit KeyRing(std::size_t issuers, std::uint64_t id = 1) : id_(id) {
    for (std::size_t i = 0; i < issuers; ++i) slots_.push_back(std::make_shared<KeySlot>());
  }
  KeyRing(std::vector<std::shared_ptr<KeySlot>> slots, std::uint64_t id)
      : id_(id), slots_(std::move(slots)) {}

  [[nodiscard]] std::shared_ptr<const jose::KeySet> get(std::uint32_t issuer) const {
    return slots_[issuer]->get();
  }
  [[nodiscard]] std::uint64_t generation(std::uint32_t issuer) const { return slots_[issuer]->generation(); }
  void install(std::uint32_t issuer, std::shared_ptr<const jose::KeySet> keys) {
    slots_[issuer]->install(std::move(keys));
  }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] std::uint64_t id() const { return id_; }

 private:
  std::uint64_t id_;
  std::vector<std::shared_ptr<KeySlot>> slots_;
};

}  // namespace caponier::stages
