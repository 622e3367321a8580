// How many connections are open, in total and per address, process-wide. Touched when a connection comes and
// goes, never by a request.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/limits.h"

namespace caponier::gateway {

class ConnectionTable {
 public:
  explicit ConnectionTable(const ConnectionLimits& limits) : limits_(limits) {}
  // A connection of whoever it may be. False: over the bound, and nothing was counted.
  bool enter() {
    const std::lock_guard lock(mutex_);
    if (total_ >= limits_.total_max) return false;
    ++total_;
    return true;
  }
  // One that has entered is of `address`. False: that address has too many, and this one is not counted as
  // its.
  bool name(const std::string& address) {
    const std::lock_guard lock(mutex_);
    std::uint32_t& count = by_address_[address];
    if (count >= limits_.per_address_max) return false;
    ++count;
    return true;
  }
  // `address`: that it was named by; empty: none.
  void leave(const std::string& address) {
    const std::lock_guard lock(mutex_);
    --total_;
    if (address.empty()) return;
    auto at = by_address_.find(address);
    if (--at->second == 0) by_address_.erase(at);
  }
  // Those that are open stay, whatever the new bounds.
  void set_limits(const ConnectionLimits& limits) {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
  }
  [[nodiscard]] std::uint32_t total() {
    const std::lock_guard lock(mutex_);
    return total_;
  }

 private:
  ConnectionLimits limits_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::uint32_t> by_address_;
  std::uint32_t total_ = 0;
};

}  // namespace caponier::gateway
