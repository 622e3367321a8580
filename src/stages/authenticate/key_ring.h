// The key sets of all issuers, process-wide: read by the authenticate stage, replaced by fetch/. A generation
// per issuer goes up with every replacement, so that cached facts about tokens fall with the keys that proved
// them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "jose/key_set.h"

namespace caponier::stages {

class KeyRing {
 public:
  // One ring per Plan, because it is indexed by the Plan's issuers; `id` tells the rings of a process apart.
  explicit KeyRing(std::size_t issuers, std::uint64_t id = 1) : id_(id), slots_(issuers) {}

  // Null before the first successful load.
  [[nodiscard]] std::shared_ptr<const jose::KeySet> get(std::uint32_t issuer) const {
    return std::atomic_load(&slots_[issuer].keys);
  }
  // 0 before the first load.
  [[nodiscard]] std::uint64_t generation(std::uint32_t issuer) const {
    return slots_[issuer].generation.load(std::memory_order_acquire);
  }
  void install(std::uint32_t issuer, std::shared_ptr<const jose::KeySet> keys) {
    std::atomic_store(&slots_[issuer].keys, std::move(keys));
    slots_[issuer].generation.fetch_add(1, std::memory_order_acq_rel);
  }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] std::uint64_t id() const { return id_; }

 private:
  struct Slot {
    std::shared_ptr<const jose::KeySet> keys;
    std::atomic<std::uint64_t> generation{0};
  };
  std::uint64_t id_;
  std::vector<Slot> slots_;
};

}  // namespace caponier::stages
