#include "upstream/kept_connections.h"

#include <algorithm>
#include <utility>

namespace caponier::upstream {

std::unique_ptr<net::Stream> KeptConnections::take(const Peer& peer) {
  close_old();
  for (std::size_t i = kept_.size(); i-- > 0;) {
    if (kept_[i].peer != peer) continue;
    std::unique_ptr<net::Stream> stream = std::move(kept_[i].stream);
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
    char unasked = 0;
    if (stream->try_read(&unasked, 1).status == net::IoStatus::kWouldBlock) return stream;
  }
  return nullptr;
}

void KeptConnections::keep(Peer peer, std::unique_ptr<net::Stream> stream) {
  if (kept_.size() >= kKeptConnectionsMax) kept_.erase(kept_.begin());
  kept_.push_back({std::move(peer), std::move(stream), network_.loop().now_ms() + kKeptConnectionMs});
  if (!std::exchange(closing_, true)) net::spawn(close_in_time(shared_from_this()));
}

void KeptConnections::close_old() {
  const std::int64_t now_ms = network_.loop().now_ms();
  const auto old = [now_ms](const Kept& kept) { return kept.until_ms <= now_ms; };
  kept_.erase(kept_.begin(), std::ranges::find_if_not(kept_, old));
}

net::Task<void> KeptConnections::close_in_time(std::shared_ptr<KeptConnections> self) {
  // Streams end with their loop, whoever holds `self` longer.
  struct Clear {
    std::vector<Kept>& kept;
    ~Clear() { kept.clear(); }
  } const clear{self->kept_};
  while (!self->kept_.empty()) {
    co_await network_.loop().sleep_until(self->kept_.front().until_ms);
    self->close_old();
  }
  self->closing_ = false;
}

}  // namespace caponier::upstream
