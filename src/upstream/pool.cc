#include "upstream/pool.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace caponier::upstream {

net::Task<Opened> open(net::Network& network, Target target, std::int64_t deadline_ms) {
  auto stream = co_await network.connect(target.address, deadline_ms);
  if (!stream) {
    const bool late = network.loop().now_ms() >= deadline_ms;
    co_return Err(ConnectFailure{late ? ConnectError::kTimedOut : ConnectError::kUnreachable,
                                 target.address.text() + ": " + stream.error()});
  }
  if (!target.tls) co_return std::move(*stream);
  auto secured = co_await tls::connect(std::move(*stream), target.tls, target.server_name, deadline_ms,
                                       target.spiffe_id);
  if (secured) co_return std::move(*secured);
  co_return Err(ConnectFailure{secured.error().timed_out ? ConnectError::kTimedOut : ConnectError::kTls,
                               "TLS: " + secured.error().detail});
}

bool PoolLimits::operator==(const PoolLimits& other) const {
  // So that no member can be forgotten.
  static_assert(std::has_unique_object_representations_v<HttpLimits>);
  return std::memcmp(&http, &other.http, sizeof http) == 0 && connect_ms == other.connect_ms &&
         idle_ms == other.idle_ms;
}

Pool::Pool(net::Network& network, BlockPool& blocks, Target target, const PoolLimits& limits)
    : network_(network), blocks_(blocks), target_(std::move(target)), limits_(limits) {}

Pool::~Pool() = default;

Pool::Lease Pool::take_idle() {
  const std::int64_t oldest = network_.loop().now_ms() - limits_.idle_ms;
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    connection->stream().wait(net::Direction::kRead, nullptr);
    if (connection->idle_since_ms_ < oldest) {
      // The rest were used even earlier.
      connection->stream().shutdown();
      idle_.clear();
      return nullptr;
    }
    ++connection->uses_;
    return connection;
  }
  return nullptr;
}

net::Task<Result<Pool::Lease, ConnectFailure>> Pool::connect(std::int64_t deadline_ms) {
  auto stream =
      co_await open(network_, target_, std::min(deadline_ms, network_.loop().now_ms() + limits_.connect_ms));
  if (!stream) co_return Err(std::move(stream.error()));
  auto connection = std::make_unique<Http1Connection>(std::move(*stream), *this, blocks_, limits_.http);
  connection->uses_ = 1;
  co_return Lease(std::move(connection));
}

void Pool::keep(std::unique_ptr<Http1Connection> connection) {
  if (closed_ || idle_.size() >= kIdleMax || !connection->buffer().empty()) {
    connection->stream().shutdown();
    return;
  }
  connection->buffer().release();
  connection->idle_since_ms_ = network_.loop().now_ms();
  connection->stream().wait(net::Direction::kRead, connection.get());
  idle_.push_back(std::move(connection));
}

void Pool::drop(Http1Connection* connection) {
  auto at = std::find_if(idle_.begin(), idle_.end(),
                         [connection](const auto& one) { return one.get() == connection; });
  if (at == idle_.end()) return;
  const auto gone = std::move(*at);
  idle_.erase(at);
}

}  // namespace caponier::upstream
