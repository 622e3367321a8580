// What the gateway holds for one client's connection, of all its exchanges together: bodies and answers that
// are gathered, bytes that came and were not taken yet, answers that the client does not take. Whatever is
// counted here is in flight, and counts in the process as well. Who would hold more than the bound is shed,
// and nobody else.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "gateway/shared.h"

namespace caponier::gateway {

// What exchanges keep for those that follow, at most.
inline constexpr std::int64_t kConnectionKeptBytes = std::int64_t{256} * 1024;

// What a text holds beside itself.
inline std::int64_t heap_bytes(const std::string& text) {
  static const std::size_t kWithin = std::string().capacity();
  return text.capacity() == kWithin ? 0 : static_cast<std::int64_t>(text.capacity());
}

class ConnectionMemory {
 public:
  explicit ConnectionMemory(Shared& shared) : shared_(shared) {}
  ConnectionMemory(const ConnectionMemory&) = delete;
  ConnectionMemory& operator=(const ConnectionMemory&) = delete;

  void add(std::int64_t bytes) {
    held_ += bytes;
    shared_.in_flight_bytes.fetch_add(static_cast<std::uint64_t>(bytes), std::memory_order_relaxed);
  }
  // For blocks, which their pool counts in the process.
  [[nodiscard]] std::int64_t* blocks() { return &held_; }

  [[nodiscard]] std::int64_t held() const { return held_; }
  // Of `bytes_max`: how much more may be held.
  [[nodiscard]] std::uint64_t left(std::uint64_t bytes_max) const {
    const auto held = static_cast<std::uint64_t>(std::max<std::int64_t>(held_, 0));
    return bytes_max - std::min(bytes_max, held);
  }
  [[nodiscard]] bool over(std::uint64_t bytes_max) const {
    return held_ > 0 && static_cast<std::uint64_t>(held_) > bytes_max;
  }

 private:
  Shared& shared_;
  std::int64_t held_ = 0;
};

}  // namespace caponier::gateway
