#include "upstream/cluster.h"

#include <algorithm>
#include <utility>

namespace caponier::upstream {

Target target_of(const ClusterSettings& settings, std::size_t source, const net::Address& address) {
  const std::string& host = settings.endpoints[source].host;
  return {address, settings.server_name.empty() ? host : settings.server_name, settings.spiffe_id,
          settings.tls, settings.rules.protocol};
}

Cluster::Cluster(net::Network& network, BlockPool& blocks, ClusterSettings settings,
                 std::shared_ptr<Load> load, std::uint64_t seed, OnEvent on_event)
    : network_(network),
      blocks_(blocks),
      settings_(std::move(settings)),
      load_(std::move(load)),
      random_(seed | 1),
      on_event_(std::move(on_event)) {
  for (std::size_t i = 0; i < settings_.endpoints.size(); ++i) {
    const auto literal = net::parse_address(settings_.endpoints[i].host, settings_.endpoints[i].port);
    literal_.push_back(literal.has_value());
    has_names_ = has_names_ || !literal;
    if (literal) add(i, *literal);
  }
}

void Cluster::start() {
  if (has_names_) resolve();
  if (!settings_.rules.health_check.path.empty()) check_all();
}

void Cluster::stop() {
  stopped_ = true;
  net::TimerWheel::cancel(resolve_timer_);
  net::TimerWheel::cancel(check_timer_);
  on_event_ = nullptr;
  for (const auto& endpoint : endpoints_) endpoint->pool.close();
}

void Cluster::add(std::size_t source, const net::Address& address) {
  if (endpoints_.size() >= kUpstreamEndpointsMax) return;
  endpoints_.push_back(std::make_unique<Endpoint>(next_id_++, source, network_, blocks_,
                                                  target_of(settings_, source, address), settings_.limits));
}

std::size_t Cluster::available() const {
  const std::int64_t now = now_ms();
  return static_cast<std::size_t>(std::count_if(
      endpoints_.begin(), endpoints_.end(), [now](const auto& one) { return one->health.available(now); }));
}

void Cluster::describe(std::vector<EndpointState>& out) const {
  for (const auto& endpoint : endpoints_) {
    out.push_back({settings_.name, endpoint->address().text(), endpoint->health.available(now_ms()),
                   endpoint->active, endpoint->pool.idle()});
  }
}

std::int64_t Cluster::retry_after_s() const {
  constexpr std::int64_t kMostMs = 60'000;
  std::int64_t soonest_ms = kMostMs;
  for (const auto& endpoint : endpoints_) {
    const std::int64_t wait_ms = endpoint->health.unhealthy()
                                     ? settings_.rules.health_check.interval_ms
                                     : endpoint->health.ejected_until_ms() - now_ms();
    soonest_ms = std::min(soonest_ms, wait_ms);
  }
  return std::max<std::int64_t>(1, (soonest_ms + 999) / 1000);
}

// xorshift64*: nobody gains by guessing it.
std::uint64_t Cluster::draw() {
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return (random_ * 0x2545F4914F6CDD1DULL) >> 32;
}

// The less busy of two at random among those that are not out and were not tried.
Endpoint* Cluster::choose(const std::uint32_t* tried, std::size_t count) {
  const std::int64_t now = now_ms();
  std::array<Endpoint*, kUpstreamEndpointsMax> open;
  std::size_t found = 0;
  for (const auto& endpoint : endpoints_) {
    if (!endpoint->health.available(now)) continue;
    if (std::find(tried, tried + count, endpoint->id) != tried + count) continue;
    open[found++] = endpoint.get();
  }
  if (found == 0) return nullptr;
  if (found == 1) return open[0];
  const std::size_t first = draw() % found;
  std::size_t second = draw() % (found - 1);
  if (second >= first) ++second;
  return open[first]->active <= open[second]->active ? open[first] : open[second];
}

void Cluster::leave(Endpoint& endpoint) {
  --endpoint.active;
  if (endpoint.retired && endpoint.active == 0) sweep();
}

// Those whose name leads elsewhere end with their last exchange.
void Cluster::sweep() {
  std::erase_if(retired_, [](const auto& endpoint) { return endpoint->active == 0; });
}

void Cluster::succeeded(Endpoint& endpoint) {
  endpoint.health.succeeded(now_ms());
}

bool Cluster::failed(Endpoint& endpoint) {
  const std::size_t out = endpoints_.size() - available();
  const bool may_eject = (out + 1) * 100 <= settings_.rules.ejection.percent_max * endpoints_.size();
  if (endpoint.health.failed(settings_.rules.ejection, now_ms(), may_eject) == 0) return false;
  load_->ejections.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Cluster::tell_ejected(const Endpoint& endpoint, std::string_view why) {
  const std::int64_t time_ms = endpoint.health.ejected_until_ms() - now_ms();
  tell("ejected for " + std::to_string(time_ms) + "ms", endpoint, why);
}

void Cluster::tell(std::string_view what, const Endpoint& endpoint, std::string_view why) {
  if (!on_event_) return;
  std::string text = settings_.name + ": " + endpoint.address().text() + ' ';
  text += what;
  if (!why.empty()) text.append(": ").append(why);
  on_event_(text);
}

bool Visit::enter(Cluster& cluster) {
  if (cluster.load_->requests.fetch_add(1, std::memory_order_relaxed) >= cluster.rules().requests_max) {
    cluster.load_->requests.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  cluster_ = &cluster;
  tried_count_ = 0;
  retries_ = 0;
  cluster.budget_.count_request(cluster.now_ms());
  return true;
}

void Visit::leave() {
  if (cluster_ == nullptr) return;
  end_pending();
  move_to(nullptr);
  cluster_->load_->requests.fetch_sub(1, std::memory_order_relaxed);
  cluster_ = nullptr;
}

Endpoint* Visit::move_to(Endpoint* endpoint) {
  if (endpoint_ != nullptr) cluster_->leave(*endpoint_);
  endpoint_ = endpoint;
  if (endpoint != nullptr) ++endpoint->active;
  return endpoint;
}

Endpoint* Visit::next() {
  if (tried_count_ >= tried_.size()) return nullptr;
  Endpoint* chosen = cluster_->choose(tried_.data(), tried_count_);
  if (chosen == nullptr) {
    // All that could be tried were: perhaps the names lead elsewhere by now.
    if (tried_count_ > 0) cluster_->resolve();
    return nullptr;
  }
  tried_[tried_count_++] = chosen->id;
  return move_to(chosen);
}

Endpoint* Visit::again() {
  Endpoint* chosen = next();
  if (chosen == nullptr) chosen = cluster_->choose(nullptr, 0);
  return chosen == nullptr || chosen == endpoint_ ? chosen : move_to(chosen);
}

bool Visit::take_retry() {
  const RetryRules& rules = cluster_->rules().retries;
  if (retries_ >= rules.attempts_max || !cluster_->budget_.take(rules, cluster_->now_ms())) return false;
  ++retries_;
  cluster_->load_->retries.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool Visit::begin_pending() {
  if (cluster_->load_->pending.fetch_add(1, std::memory_order_relaxed) >= cluster_->rules().pending_max) {
    cluster_->load_->pending.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  pending_ = true;
  return true;
}

void Visit::end_pending() {
  if (std::exchange(pending_, false)) cluster_->load_->pending.fetch_sub(1, std::memory_order_relaxed);
}

void Visit::succeeded() {
  cluster_->succeeded(*endpoint_);
}

void Visit::failed(std::string_view why) {
  if (cluster_->failed(*endpoint_)) cluster_->tell_ejected(*endpoint_, why);
}

void Visit::answered(std::uint16_t status) {
  if (cluster_->failed(*endpoint_))
    cluster_->tell_ejected(*endpoint_, "it answered with status " + std::to_string(status));
}

}  // namespace caponier::upstream
