#include "gateway/worker.h"

#include <cstdlib>
#include <utility>

#include "gateway/client_connection.h"
#include "gateway/http2_connection.h"
#include "stages/admit/admit.h"

namespace caponier::gateway {
namespace {

constexpr std::size_t kRecordBatchBytes = std::size_t{32} * 1024;
constexpr std::int64_t kRecordDelayMs = 20;
constexpr std::size_t kExchangesKept = 64;

stages::State state_of(Shared& shared, stages::TokenCache& tokens) {
  stages::State state;
  state.digest_key = shared.digest_key;
  state.limiter = &shared.limiter;
  state.tokens = &tokens;
  return state;
}

}  // namespace

Worker::Worker(Shared& shared, std::shared_ptr<const Generation> generation, net::Network& network,
               RandomSource& random)
    : shared_(shared),
      network_(network),
      metrics_(shared.metric_names.rows_max()),
      tokens_(generation->plan->limits.memory.token_cache_entries_max, shared.digest_key),
      service_(std::make_shared<Service>(std::move(generation), state_of(shared, tokens_), network, blocks_)),
      ids_(random),
      flush_timer_(*this) {
  records_.reserve(kRecordBatchBytes * 2);
  network_.loop().before_sleep = [this] { flush_connections(); };
}

Worker::~Worker() {
  network_.loop().before_sleep = nullptr;
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
  service_ = std::make_shared<Service>(std::move(generation), state_of(shared_, tokens_), network_, blocks_);
  for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i].surface = surfaces[i];
  for (ClientConnection* at = connections_; at != nullptr; at = at->next()) at->follow_if_idle();
}

void Worker::admit(net::Listener::Accepted accepted, const std::shared_ptr<const Surface>& surface) {
  stages::Peer peer;
  peer.address = accepted.peer.bytes;
  peer.text = accepted.peer.host_text();
  peer.listener = surface->name;
  peer.tls = surface->tls != nullptr;
  peer.internal = surface->internal;
  peer.address_hash = keyed_hash(shared_.digest_key, peer.limit_key());
  auto denied = stages::admit_connection(service_->state, plan().limits, peer, loop().now());
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

void Worker::count(const Service& service, const stages::Exchange& exchange, const stages::Outcome& outcome) {
  std::uint32_t row = Metrics::kNoOperation;
  if (exchange.matched) {
    const auto at = exchange.matched->operation - exchange.plan->operations.data();
    row = service.generation->metric_rows[static_cast<std::size_t>(at)];
  }
  metrics_.count(row, outcome.status, outcome.duration_us);
  if (outcome.denial != nullptr) metrics_.refuse(row, outcome.denial->reason);
}

WorkerGauges Worker::gauges() const {
  return {service_->upstream.idle(), blocks_.bytes_in_use()};
}

bool Worker::overloaded() {
  constexpr std::int64_t kCountedBytesStep = 64 * 1024;
  const auto blocks = static_cast<std::int64_t>(blocks_.bytes_in_use());
  if (std::abs(blocks - block_bytes_counted_) >= kCountedBytesStep) {
    add_in_flight(blocks - block_bytes_counted_);
    block_bytes_counted_ = blocks;
  }
  return shared_.in_flight_bytes.load(std::memory_order_relaxed) >= plan().limits.memory.in_flight_bytes_max;
}

void Worker::add_in_flight(std::int64_t bytes) {
  shared_.in_flight_bytes.fetch_add(static_cast<std::uint64_t>(bytes), std::memory_order_relaxed);
}

}  // namespace caponier::gateway
