// What the admin surface knows of the gateway.
#include <utility>

#include "event/record.h"
#include "gateway/gateway_threads.h"
#include "gateway/later.h"
#include "gateway/metrics_text.h"
#include "json/write.h"
#include "net/task.h"

namespace caponier::gateway {

void Gateway::start_admin() {
  AdminActions actions;
  actions.ready = [this] { return tell_readiness(); };
  actions.metrics = [this] { return tell_metrics(); };
  actions.reload = [this] { return reload_for_admin(); };
  actions.refused = [this](const std::string& listener, const std::string& peer,
                           const tls::HandshakeFailure& failure) { record_refused(listener, peer, failure); };
  admin_->server = std::make_unique<AdminServer>(admin_->network, std::move(actions));
  for (Admin::Listening& listening : admin_->listeners) {
    admin_->server->serve(std::move(listening.listener), std::move(listening.tls), std::move(listening.name));
  }
  admin_->thread = std::thread([admin = admin_.get(), generation = current_] {
    admin->server->start();
    net::spawn(find_upstream(&admin->network, generation));
    admin->loop.run();
    net::destroy_spawned();
  });
}

// On the admin loop, whose thread belongs to no worker.
void Gateway::record_refused(const std::string& listener, const std::string& peer,
                             const tls::HandshakeFailure& failure) {
  event::ConnectionRecord record;
  record.wall_ms = admin_->loop.now().wall_ms;
  record.type = "handshake";
  record.peer = peer;
  record.listener = listener;
  record.reason = reason_of(failure);
  record.status = entry(record.reason).status;
  record.detail = failure.detail;
  std::string line;
  event::append(line, record);
  shared_->give_records(line);
}

void Gateway::stop_admin() {
  if (!admin_ || !admin_->thread.joinable()) return;
  admin_->loop.post([server = admin_->server.get()] { server->stop(); });
  admin_->loop.stop();
  admin_->thread.join();
}

// Tries until the upstream takes a connection, so that readiness does not depend on a first client.
net::Task<void> Gateway::find_upstream(net::Network* network, std::shared_ptr<const Generation> generation) {
  constexpr std::int64_t kAgainMs = 250;
  net::Loop& loop = network->loop();
  const std::weak_ptr<const Generation> watched = generation;
  const std::string host = generation->plan->upstream.host;
  const std::uint16_t port = generation->plan->upstream.port;
  const std::int64_t within_ms = generation->plan->limits.time.upstream_connect_ms;
  generation.reset();  // it must not live for this
  for (;;) {
    auto addresses = co_await network->resolve(host, port, loop.now_ms() + within_ms);
    bool reached = false;
    for (std::size_t i = 0; addresses && i < addresses->size() && !reached; ++i) {
      auto stream = co_await network->connect((*addresses)[i], loop.now_ms() + within_ms);
      reached = stream.ok();
    }
    const auto alive = watched.lock();
    if (!alive) co_return;
    if (reached) {
      alive->upstream_known.store(true);
      co_return;
    }
    co_await loop.sleep_until(loop.now_ms() + kAgainMs);
  }
}

AdminAnswer Gateway::tell_readiness() const {
  const std::shared_ptr<const Generation> generation = current();
  std::vector<std::string> missing;
  if (shared_->draining.load()) missing.emplace_back("nothing: the process is stopping");
  const plan::Plan& plan = *generation->plan;
  for (std::uint32_t i = 0; i < plan.issuers.size(); ++i) {
    if (generation->keys->generation(i) == 0) missing.push_back("keys of " + plan.issuers[i].rules.issuer);
  }
  if (!generation->upstream_known.load()) missing.push_back("upstream " + plan.upstream.text());
  AdminAnswer answer;
  answer.status = missing.empty() ? 200 : 503;
  answer.body = missing.empty() ? "{\"ready\":true,\"waiting_for\":[" : "{\"ready\":false,\"waiting_for\":[";
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (i > 0) answer.body += ',';
    json::append_string(answer.body, missing[i]);
  }
  answer.body += "],\"generation\":" + std::to_string(generation->number) + "}\n";
  return answer;
}

net::Task<AdminAnswer> Gateway::tell_metrics() {
  MetricsView view;
  // A worker's gauges are its own: each is asked in its turn. One that has stopped for good does not answer.
  if (!shared_->draining.load()) {
    for (const auto& thread : threads_) {
      const Later<WorkerGauges> gauges(admin_->loop);
      thread->loop.post([worker = thread->worker.get(), gauges] { gauges.say(worker->gauges()); });
      view.gauges.push_back(co_await gauges);
    }
  }
  std::vector<const Metrics*> workers;
  for (const auto& thread : threads_) workers.push_back(&thread->worker->metrics());
  view.workers = workers;
  view.names = shared_->metric_names.shown();
  view.connections = shared_->connections.total();
  view.in_flight_bytes = shared_->in_flight_bytes.load(std::memory_order_relaxed);
  view.log_dropped = settings_.log_dropped ? settings_.log_dropped() : 0;
  view.generation = current()->number;
  view.reloads_refused = reloads_refused_.load(std::memory_order_relaxed);
  view.version = settings_.version;
  AdminAnswer answer;
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = to_prometheus(view);
  co_return answer;
}

net::Task<AdminAnswer> Gateway::reload_for_admin() {
  const Later<AdminAnswer> answer(admin_->loop);
  if (!settings_.ask_reload) co_return AdminAnswer{501, "application/json", "{}\n"};
  settings_.ask_reload([answer](AdminAnswer said) { answer.say(std::move(said)); });
  co_return co_await answer;
}

}  // namespace caponier::gateway
