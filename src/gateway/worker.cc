#include "gateway/worker.h"

#include <cstdlib>
#include <utility>

#include "gateway/client_connection.h"
#include "stages/admit/admit.h"

namespace caponier::gateway {
namespace {

constexpr std::size_t kRecordBatchBytes = std::size_t{32} * 1024;
constexpr std::int64_t kRecordDelayMs = 20;
constexpr std::size_t kExchangesKept = 64;

upstream::ClusterSettings settings_of(const plan::Upstream& upstream,
                                      std::shared_ptr<tls::ClientContext> tls) {
  upstream::ClusterSettings settings;
  settings.name = upstream.name.empty() ? "default" : upstream.name;
  settings.authority = upstream.authority;
  for (const plan::UpstreamEndpoint& endpoint : upstream.endpoints) {
    settings.endpoints.push_back({endpoint.host, endpoint.port});
  }
  settings.server_name = upstream.server_name;
  settings.spiffe_id = upstream.spiffe_id;
  settings.tls = std::move(tls);
  settings.rules = upstream.rules;
  return settings;
}

}  // namespace

Worker::Worker(Shared& shared, net::Network& network, RandomSource& random)
    : shared_(shared),
      network_(network),
      tokens_(shared.plan->limits.memory.token_cache_entries_max, shared.digest_key),
      ids_(random),
      flush_timer_(*this) {
  state_.digest_key = shared.digest_key;
  state_.limiter = &shared.limiter;
  state_.keys = &shared.keys;
  state_.tokens = &tokens_;
  records_.reserve(kRecordBatchBytes * 2);
  make_upstreams(random);
}

void Worker::make_upstreams(RandomSource& random) {
  const std::vector<plan::Upstream>& planned = shared_.plan->upstreams;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const auto tell = [this](std::string_view text) {
      event::LifecycleRecord told;
      told.wall_ms = loop().now().wall_ms;
      told.what = "upstream";
      told.detail = text;
      record(told);
    };
    upstreams_.push_back(std::make_shared<upstream::Cluster>(
        network_, blocks_, settings_of(planned[i], shared_.upstream_tls[i]), shared_.plan->limits,
        shared_.upstream_loads[i], random.next_u64(), tell));
  }
}

Worker::~Worker() {
  for (const auto& upstream : upstreams_) upstream->stop();
  flush_records();
}

void Worker::serve(std::unique_ptr<net::Listener> listener, std::shared_ptr<const Surface> surface) {
  listeners_.push_back({std::move(listener), std::move(surface)});
}

void Worker::start() {
  for (const auto& upstream : upstreams_) upstream->start();
  for (const Listening& listening : listeners_) {
    ++accepting_;
    net::spawn(accept_from(listening.listener.get(), listening.surface));
  }
}

net::Task<void> Worker::accept_from(net::Listener* listener, std::shared_ptr<const Surface> surface) {
  for (;;) {
    auto accepted = co_await listener->accept();
    if (!accepted.stream) break;
    admit(std::move(accepted), surface);
  }
  --accepting_;
}

void Worker::admit(net::Listener::Accepted accepted, const std::shared_ptr<const Surface>& surface) {
  stages::Peer peer;
  peer.address = accepted.peer.bytes;
  peer.text = accepted.peer.host_text();
  peer.listener = surface->name;
  peer.tls = surface->tls != nullptr;
  peer.address_hash = keyed_hash(state_.digest_key, peer.limit_key());
  auto denied = stages::admit_connection(state_, shared_.plan->limits, peer, loop().now());
  if (!denied && !shared_.connections.enter(peer.text)) {
    denied = stages::Denial{Reason::kConnectionRefused, "admit", "too many open connections"};
  }
  if (denied) {
    event::ConnectionRecord refused;
    refused.wall_ms = loop().now().wall_ms;
    refused.type = "refused";
    refused.peer = peer.text;
    refused.listener = peer.listener;
    refused.reason = denied->reason;
    refused.detail = denied->detail;
    record(refused);
    accepted.stream->abort();
    return;
  }
  // Owns itself until its end.
  auto* connection = new ClientConnection(*this, std::move(accepted.stream), std::move(peer), surface);
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
  exchange->reset();
  if (exchanges_.size() < kExchangesKept) exchanges_.push_back(std::move(exchange));
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

bool Worker::overloaded() {
  constexpr std::int64_t kCountedBytesStep = 64 * 1024;
  const auto blocks = static_cast<std::int64_t>(blocks_.bytes_in_use());
  if (std::abs(blocks - block_bytes_counted_) >= kCountedBytesStep) {
    add_in_flight(blocks - block_bytes_counted_);
    block_bytes_counted_ = blocks;
  }
  return shared_.in_flight_bytes.load(std::memory_order_relaxed) >=
         shared_.plan->limits.memory.in_flight_bytes_max;
}

void Worker::add_in_flight(std::int64_t bytes) {
  shared_.in_flight_bytes.fetch_add(static_cast<std::uint64_t>(bytes), std::memory_order_relaxed);
}

}  // namespace caponier::gateway
