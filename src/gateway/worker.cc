#include "gateway/worker.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/canary.h"
#include "gateway/client_connection.h"
#include "gateway/http2_connection.h"
#include "stages/admit/admit.h"

namespace caponier::gateway {
namespace {

constexpr std::size_t kRecordBatchBytes = std::size_t{32} * 1024;
constexpr std::int64_t kRecordDelayMs = 20;
constexpr std::size_t kExchangesKept = 64;

stages::State state_of(Shared& shared, stages::TokenCache& tokens, stages::VerifiedPasswords& passwords,
                       plan::IdentityView& identities, plan::AssertionKeyView& assertions) {
  stages::State state;
  state.digest_key = shared.digest_key;
  state.limiter = &shared.limiter;
  state.proofs = &shared.proofs;
  state.failed_addresses = &shared.failed_addresses;
  state.failed_identities = &shared.failed_identities;
  state.tokens = &tokens;
  state.passwords = &passwords;
  state.identities = &identities;
  state.assertions = &assertions;
  state.sessions = &shared.sessions;
  return state;
}

}  // namespace

Worker::Worker(Shared& shared, std::shared_ptr<const Generation> generation, net::Network& network,
               RandomSource& random)
    : shared_(shared),
      network_(network),
      metrics_(shared.metric_names.rows_max()),
      tokens_(generation->plan->limits.memory.token_cache_entries_max, shared.digest_key),
      passwords_(shared.digest_key),
      identities_(shared.identities),
      assertions_(shared.assertions),
      cluster_seed_(random.next_u64()),
      ids_(random),
      flush_timer_(*this) {
  records_.reserve(kRecordBatchBytes * 2);
  auto service = std::make_shared<Service>(std::move(generation),
                                           state_of(shared, tokens_, passwords_, identities_, assertions_));
  make_upstreams(*service);
  service_ = std::move(service);
  network_.loop().before_sleep = [this] { flush_connections(); };
}

void Worker::make_upstreams(Service& service) {
  const Generation& generation = *service.generation;
  std::vector<std::shared_ptr<upstream::Cluster>> before;
  if (service_) before = service_->upstreams;
  for (std::size_t i = 0; i < generation.upstreams.size(); ++i) {
    upstream::ClusterSettings settings = cluster_settings(generation, i);
    const auto same = std::ranges::find_if(
        before, [&settings](const auto& cluster) { return cluster->settings() == settings; });
    service.upstreams.push_back(same != before.end() ? *same
                                                     : make_cluster(generation, i, std::move(settings)));
  }
}

std::shared_ptr<upstream::Cluster> Worker::make_cluster(const Generation& generation, std::size_t index,
                                                        upstream::ClusterSettings settings) {
  const auto tell = [this](std::string_view text) {
    event::LifecycleRecord told;
    told.wall_ms = loop().now().wall_ms;
    told.what = "upstream";
    told.detail = text;
    record(told);
  };
  return std::make_shared<upstream::Cluster>(network_, blocks_, std::move(settings),
                                             generation.upstreams[index].load, ++cluster_seed_, tell);
}

Worker::~Worker() {
  network_.loop().before_sleep = nullptr;
  for (const auto& upstream : service_->upstreams) upstream->stop();
  shared_.in_flight_bytes.fetch_sub(static_cast<std::uint64_t>(block_bytes_counted_),
                                    std::memory_order_relaxed);
  flush_records();
}

// A connection that is flushed may end others, and itself.
void Worker::flush_connections() {
  while (!to_flush_.empty()) {
    Http2Connection* connection = to_flush_.back();
    to_flush_.pop_back();
    connection->flush();
  }
}

void Worker::forget_flush(const Http2Connection& connection) {
  std::erase(to_flush_, &connection);
}

void Worker::serve(std::unique_ptr<net::Listener> listener, std::shared_ptr<const Surface> surface) {
  listeners_.push_back({std::move(listener), std::move(surface)});
}

void Worker::start() {
  for (const auto& upstream : service_->upstreams) upstream->start();
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    ++accepting_;
    net::spawn(accept_from(i));
  }
}

net::Task<void> Worker::accept_from(std::size_t listening) {
  for (;;) {
    auto accepted = co_await listeners_[listening].listener->accept();
    if (!accepted.stream) break;
    admit(std::move(accepted), listeners_[listening].surface);
  }
  --accepting_;
}

void Worker::replace(std::shared_ptr<const Generation> generation,
                     const std::vector<std::shared_ptr<const Surface>>& surfaces) {
  auto service = std::make_shared<Service>(std::move(generation),
                                           state_of(shared_, tokens_, passwords_, identities_, assertions_));
  make_upstreams(*service);
  const auto before = std::exchange(service_, std::move(service));
  const auto serves = [](const Service& one, const std::shared_ptr<upstream::Cluster>& cluster) {
    return std::ranges::find(one.upstreams, cluster) != one.upstreams.end();
  };
  for (const auto& upstream : before->upstreams) {
    if (!serves(*service_, upstream)) upstream->stop();
  }
  for (const auto& upstream : service_->upstreams) {
    if (!serves(*before, upstream)) upstream->start();
  }
  for (Listening& listening : listeners_) {
    const auto at =
        std::ranges::find_if(surfaces, [&listening](const std::shared_ptr<const Surface>& surface) {
          return surface->name == listening.surface->name;
        });
    if (at != surfaces.end()) listening.surface = *at;
  }
  for (ClientConnection* at = connections_; at != nullptr; at = at->next()) at->follow_if_idle();
}

void Worker::name_peer(stages::Peer& peer, const AddressBytes& address) const {
  peer.address = address;
  peer.text = ip_text(address);
  peer.address_hash = keyed_hash(shared_.digest_key, peer.limit_key());
}

void Worker::refuse(const stages::Peer& peer, const stages::Denial& denial) {
  event::ConnectionRecord refused;
  refused.wall_ms = loop().now().wall_ms;
  refused.type = "refused";
  refused.peer = peer.text;
  refused.listener = peer.listener;
  refused.reason = denial.reason;
  refused.detail = denial.detail;
  record(refused);
}

bool Worker::admit_address(const stages::Peer& peer) {
  auto denied = stages::admit_connection(service_->state, plan().limits, peer, loop().now());
  if (!denied && !shared_.connections.name(std::string(peer.limit_key()))) {
    denied = stages::deny(Reason::kConnectionRefused, "admit", "too many open connections of the address");
  }
  if (denied) refuse(peer, *denied);
  return !denied;
}

void Worker::admit(net::Listener::Accepted accepted, const std::shared_ptr<const Surface>& surface) {
  stages::Peer peer;
  name_peer(peer, accepted.peer.bytes);
  peer.listener = surface->name;
  peer.tls = surface->tls != nullptr;
  peer.internal = surface->internal;
  const config::ListenerRules& rules = surface->rules;
  const bool announced = !rules.proxy_protocol.empty();
  // A proxy stands for many: the budgets of one address are not for it.
  const bool is_proxy = any_contains(announced ? rules.proxy_protocol : rules.trusted_proxies, peer.address);
  bool admitted = false;
  if (announced && !is_proxy) {
    refuse(peer, stages::deny(Reason::kProxyNotListed, "admit", "the peer is no listed proxy"));
  } else if (!shared_.connections.enter()) {
    refuse(peer, stages::deny(Reason::kConnectionRefused, "admit", "too many open connections"));
  } else {
    admitted = is_proxy || admit_address(peer);
    if (!admitted) shared_.connections.leave({});
  }
  if (!admitted) {
    accepted.stream->abort();
    return;
  }
  // Owns itself until its end.
  auto* connection =
      new ClientConnection(*this, std::move(accepted.stream), std::move(peer), surface, !is_proxy);
  connection->start();
}

void Worker::drain() {
  for (const Listening& listening : listeners_) listening.listener->close();
  for (ClientConnection* at = connections_; at != nullptr;) {
    ClientConnection* next = at->next();
    at->end_if_idle();
    at = next;
  }
}

void Worker::judge_streams() {
  const auto facts = identities();
  // Who is broken off may leave the list at once: from its end, that moves nobody who is still to come.
  for (std::size_t i = streams_.size(); i-- > 0;) streams_[i]->judge_again(*facts);
}

void Worker::abort_all() {
  for (ClientConnection* at = connections_; at != nullptr;) {
    ClientConnection* next = at->next();
    at->abort();
    at = next;
  }
}

std::unique_ptr<stages::Exchange> Worker::take_exchange() {
  if (exchanges_.empty()) return std::make_unique<stages::Exchange>();
  auto exchange = std::move(exchanges_.back());
  exchanges_.pop_back();
  return exchange;
}

void Worker::give_exchange(std::unique_ptr<stages::Exchange> exchange) {
  if (!canary("exchange-not-reset")) exchange->reset();
  if (exchanges_.size() < kExchangesKept) exchanges_.push_back(std::move(exchange));
}

std::unique_ptr<http::RequestDecoder> Worker::take_decoder() {
  if (decoders_.empty()) return std::make_unique<http::RequestDecoder>(plan().limits.http);
  auto decoder = std::move(decoders_.back());
  decoders_.pop_back();
  return decoder;
}

void Worker::give_decoder(std::unique_ptr<http::RequestDecoder> decoder) {
  if (decoders_.size() < kExchangesKept) decoders_.push_back(std::move(decoder));
}

void Worker::note_records() {
  if (records_.size() >= kRecordBatchBytes) {
    flush_records();
  } else if (!flush_timer_.armed()) {
    loop().timers().set(flush_timer_, loop().now_ms() + kRecordDelayMs);
  }
}

void Worker::flush_records() {
  net::TimerWheel::cancel(flush_timer_);
  if (!records_.empty()) shared_.give_records(records_);
}

void Worker::count(const Service& service, const stages::Exchange& exchange, const stages::Outcome& outcome) {
  std::uint32_t row = Metrics::kNoOperation;
  if (exchange.matched) {
    const auto at = exchange.matched->operation - exchange.plan->operations.data();
    row = service.generation->metric_rows[static_cast<std::size_t>(at)];
  }
  metrics_.count(row, outcome.status, outcome.duration_us);
  if (outcome.denial != nullptr) metrics_.refuse(row, outcome.denial->reason);
  for (const stages::Denial& reported : exchange.reported) metrics_.report(row, reported.reason);
}

WorkerGauges Worker::gauges() const {
  WorkerGauges gauges;
  gauges.block_bytes = bytes_in_blocks();
  for (const auto& upstream : service_->upstreams) upstream->describe(gauges.endpoints);
  return gauges;
}

bool Worker::overloaded() {
  constexpr std::int64_t kCountedBytesStep = 64 * 1024;
  const auto blocks = static_cast<std::int64_t>(bytes_in_blocks());
  if (std::abs(blocks - block_bytes_counted_) >= kCountedBytesStep) {
    shared_.in_flight_bytes.fetch_add(static_cast<std::uint64_t>(blocks - block_bytes_counted_),
                                      std::memory_order_relaxed);
    block_bytes_counted_ = blocks;
  }
  return shared_.in_flight_bytes.load(std::memory_order_relaxed) >= plan().limits.memory.in_flight_bytes_max;
}

}  // namespace caponier::gateway
