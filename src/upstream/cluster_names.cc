// Names of endpoints to addresses, again and again.
#include <algorithm>
#include <utility>

#include "upstream/cluster.h"

namespace caponier::upstream {
namespace {

// However many requests find everything dead, the resolver is asked no more often.
constexpr std::int64_t kResolveAgainMs = 1000;
constexpr std::int64_t kAfterFailureMs = 5000;

}  // namespace

// One request's wait for the first address.
class Cluster::Waiting final : private net::TimerNode {
 public:
  Waiting(Cluster& cluster, std::int64_t deadline_ms) : cluster_(cluster), deadline_ms_(deadline_ms) {}
  ~Waiting() { std::erase(cluster_.waiting_, this); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  [[nodiscard]] bool await_ready() const { return cluster_.known() || !cluster_.resolving_; }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    cluster_.waiting_.push_back(this);
    cluster_.network_.loop().timers().set(*this, deadline_ms_);
  }
  void await_resume() const {}
  void resume() {
    net::TimerWheel::cancel(*this);
    handle_.resume();
  }

 private:
  void expired() override {
    std::erase(cluster_.waiting_, this);
    handle_.resume();
  }
  Cluster& cluster_;
  std::int64_t deadline_ms_;
  std::coroutine_handle<> handle_;
};

net::Task<std::optional<std::string>> Cluster::ready(std::int64_t deadline_ms) {
  if (known()) co_return std::nullopt;
  resolve();
  Waiting resolved(*this, std::min(deadline_ms, now_ms() + settings_.limits.connect_ms));
  co_await resolved;
  if (known()) co_return std::nullopt;
  std::string why = resolve_error_.empty() ? "no address is known yet" : resolve_error_;
  co_return std::optional<std::string>(std::move(why));
}

void Cluster::resolve() {
  const bool too_soon = resolved_at_ms_ != 0 && now_ms() < resolved_at_ms_ + kResolveAgainMs;
  if (!has_names_ || resolving_ || too_soon) return;
  resolving_ = true;
  net::spawn(resolve_all(shared_from_this()));
}

net::Task<void> Cluster::resolve_all(std::shared_ptr<Cluster> self) {
  const std::int64_t within_ms = self->settings_.limits.connect_ms;
  self->resolve_error_.clear();
  for (std::size_t i = 0; i < self->settings_.endpoints.size(); ++i) {
    if (self->literal_[i]) continue;
    // Whoever was on the way when it stopped still waits for an address.
    if (self->stopped_ && self->waiting_.empty()) break;
    const NamedEndpoint& named = self->settings_.endpoints[i];
    auto found = co_await self->network_.resolve(named.host, named.port, self->now_ms() + within_ms);
    if (found) {
      self->take_addresses(i, *found);
      if (self->known()) self->wake_waiting();
    } else {
      // What it led to before is better than nothing.
      self->resolve_error_ = named.host + ": " + found.error();
    }
  }
  self->resolving_ = false;
  self->resolved_at_ms_ = std::max<std::int64_t>(1, self->now_ms());
  const std::int64_t interval_ms = self->settings_.rules.resolve_ms;
  const std::int64_t pause_ms =
      self->resolve_error_.empty() ? interval_ms : std::min(interval_ms, kAfterFailureMs);
  if (!self->stopped_) self->network_.loop().timers().set(self->resolve_timer_, self->now_ms() + pause_ms);
  self->wake_waiting();
}

void Cluster::wake_waiting() {
  while (!waiting_.empty()) {
    Waiting* next = waiting_.front();
    waiting_.erase(waiting_.begin());
    next->resume();
  }
}

Endpoint* Cluster::find(std::size_t source, const net::Address& address) {
  for (const auto& endpoint : endpoints_) {
    if (endpoint->source == source && endpoint->address() == address) return endpoint.get();
  }
  return nullptr;
}

// What stays keeps its health and its connections.
void Cluster::take_addresses(std::size_t source, const std::vector<net::Address>& addresses) {
  const auto stays = [&](const std::unique_ptr<Endpoint>& endpoint) {
    return endpoint->source != source || std::ranges::find(addresses, endpoint->address()) != addresses.end();
  };
  const auto gone = std::stable_partition(endpoints_.begin(), endpoints_.end(), stays);
  for (auto at = gone; at != endpoints_.end(); ++at) {
    (*at)->retired = true;
    (*at)->pool.close();
    retired_.push_back(std::move(*at));
  }
  endpoints_.erase(gone, endpoints_.end());
  for (const net::Address& address : addresses) {
    if (find(source, address) == nullptr) add(source, address);
  }
  sweep();
}

}  // namespace caponier::upstream
