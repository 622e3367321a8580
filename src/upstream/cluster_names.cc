// Names of endpoints to addresses, again and again.
#include <algorithm>
#include <utility>

#include "upstream/cluster.h"

namespace caponier::upstream {
namespace {

// However many requests find everything dead, the resolver is asked no more often.
constexpr std::int64_t kResolveAgainMs = 1000;

}  // namespace

struct Cluster::Waiting {
  Cluster& cluster;
  [[nodiscard]] bool await_ready() const { return !cluster.resolving_; }
  void await_suspend(std::coroutine_handle<> handle) const { cluster.waiting_.push_back(handle); }
  void await_resume() const {}
};

net::Task<std::optional<std::string>> Cluster::ready() {
  if (known()) co_return std::nullopt;
  resolve();
  const Waiting resolved{*this};
  co_await resolved;
  if (known()) co_return std::nullopt;
  std::string why = resolve_error_.empty() ? "no address is known" : resolve_error_;
  co_return std::optional<std::string>(std::move(why));
}

void Cluster::resolve() {
  const bool too_soon = resolved_at_ms_ != 0 && now_ms() < resolved_at_ms_ + kResolveAgainMs;
  if (!has_names_ || resolving_ || stopped_ || too_soon) return;
  resolving_ = true;
  net::spawn(resolve_all(shared_from_this()));
}

net::Task<void> Cluster::resolve_all(std::shared_ptr<Cluster> self) {
  net::Network& network = self->network_;
  const std::int64_t within_ms = self->limits_.time.upstream_connect_ms;
  self->resolve_error_.clear();
  for (std::size_t i = 0; i < self->settings_.endpoints.size(); ++i) {
    if (self->literal_[i]) continue;
    const NamedEndpoint& named = self->settings_.endpoints[i];
    auto found = co_await network.resolve(named.host, named.port, network.loop().now_ms() + within_ms);
    if (self->stopped_) co_return;
    if (found) {
      self->take_addresses(i, *found);
    } else {
      // What it led to before is better than nothing.
      self->resolve_error_ = named.host + ": " + found.error();
    }
  }
  self->resolving_ = false;
  self->resolved_at_ms_ = std::max<std::int64_t>(1, self->now_ms());
  self->network_.loop().timers().set(self->resolve_timer_, self->now_ms() + self->settings_.rules.resolve_ms);
  self->wake_waiting();
}

void Cluster::wake_waiting() {
  auto waiting = std::exchange(waiting_, {});
  for (const std::coroutine_handle<> handle : waiting) handle.resume();
}

Endpoint* Cluster::find(std::size_t source, const net::Address& address) {
  for (const auto& endpoint : endpoints_) {
    if (endpoint->source == source && endpoint->address() == address) return endpoint.get();
  }
  return nullptr;
}

void Cluster::take_addresses(std::size_t source, const std::vector<net::Address>& addresses) {
  for (const net::Address& address : addresses) {
    if (find(source, address) == nullptr) add(source, address);
  }
  const auto stays = [&](const std::unique_ptr<Endpoint>& endpoint) {
    return endpoint->source != source ||
           std::find(addresses.begin(), addresses.end(), endpoint->address()) != addresses.end();
  };
  const auto gone = std::stable_partition(endpoints_.begin(), endpoints_.end(), stays);
  for (auto at = gone; at != endpoints_.end(); ++at) {
    (*at)->retired = true;
    (*at)->pool.clear();
    retired_.push_back(std::move(*at));
  }
  endpoints_.erase(gone, endpoints_.end());
  sweep();
}

}  // namespace caponier::upstream
