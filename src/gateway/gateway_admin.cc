// What the admin surface knows of the gateway.
#include <algorithm>
#include <utility>

#include "event/record.h"
#include "gateway/gateway_threads.h"
#include "gateway/identity_admin.h"
#include "gateway/later.h"
#include "gateway/metrics_text.h"
#include "json/write.h"
#include "net/task.h"
#include "upstream/health_check.h"

namespace caponier::gateway {

void Gateway::start_admin() {
  AdminActions actions;
  actions.ready = [this] { return tell_readiness(); };
  actions.metrics = [this] { return tell_metrics(); };
  actions.reload = [this] { return reload_for_admin(); };
  actions.refused = [this](const std::string& listener, const std::string& peer,
                           const tls::HandshakeFailure& failure) { record_refused(listener, peer, failure); };
  if (settings_.identity_store != nullptr) {
    actions.identities = [this](AdminQuestion question) { return ask_identities(std::move(question)); };
    actions.token = settings_.admin_token;
  }
  admin_->server = std::make_unique<AdminServer>(admin_->network, std::move(actions));
  for (Admin::Listening& listening : admin_->listeners) {
    admin_->server->serve(std::move(listening.listener), std::move(listening.tls), std::move(listening.name));
  }
  admin_->thread = std::thread([admin = admin_.get(), generation = current_] {
    admin->server->start();
    find_upstreams(&admin->network, generation);
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

namespace {

// Whether some endpoint takes a connection, TLS included, and is well where that is checked.
net::Task<bool> is_there(net::Network* network, const upstream::ClusterSettings* settings) {
  net::Loop& loop = network->loop();
  for (std::size_t i = 0; i < settings->endpoints.size(); ++i) {
    const upstream::NamedEndpoint& named = settings->endpoints[i];
    const auto addresses =
        co_await network->resolve(named.host, named.port, loop.now_ms() + settings->limits.connect_ms);
    for (std::size_t j = 0; addresses && j < addresses->size(); ++j) {
      upstream::HealthQuestion question = upstream::health_question(
          *settings, upstream::target_of(*settings, i, (*addresses)[j]), loop.now_ms());
      const std::string wrong = co_await upstream::ask_health(*network, std::move(question));
      if (wrong.empty()) co_return true;
    }
  }
  co_return false;
}

// Tries until the upstream is there, so that readiness does not depend on a first client.
net::Task<void> find_upstream(net::Network* network, std::weak_ptr<const Generation> watched,
                              std::size_t index, upstream::ClusterSettings settings) {
  constexpr std::int64_t kAgainMs = 250;
  for (;;) {
    const bool there = co_await is_there(network, &settings);
    {
      // The generation must not live for this.
      const auto alive = watched.lock();
      if (!alive) co_return;
      alive->upstreams[index].known.store(there);
    }
    if (there) co_return;
    co_await network->loop().sleep_until(network->loop().now_ms() + kAgainMs);
  }
}

}  // namespace

void Gateway::find_upstreams(net::Network* network, const std::shared_ptr<const Generation>& generation) {
  for (std::size_t i = 0; i < generation->upstreams.size(); ++i) {
    if (generation->upstreams[i].known.load()) continue;
    net::spawn(find_upstream(network, generation, i, cluster_settings(*generation, i)));
  }
}

AdminAnswer Gateway::tell_readiness() const {
  const std::shared_ptr<const Generation> generation = current();
  std::vector<std::string> missing;
  if (shared_->draining.load()) missing.emplace_back("nothing: the process is stopping");
  const plan::Plan& plan = *generation->plan;
  for (std::uint32_t i = 0; i < plan.issuers.size(); ++i) {
    if (plan.issuers[i].source == plan::KeySource::kNone) continue;
    if (!generation->keys->get(i)) missing.push_back("keys of " + plan.issuers[i].rules.issuer);
  }
  for (std::size_t i = 0; i < plan.upstreams.size(); ++i) {
    if (generation->upstreams[i].known.load()) continue;
    const plan::Upstream& upstream = plan.upstreams[i];
    missing.push_back("upstream " + (upstream.name.empty() ? "" : upstream.name + ' ') + upstream.url.text());
  }
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
  const std::shared_ptr<const Generation> generation = current();
  for (std::size_t i = 0; i < generation->upstreams.size(); ++i) {
    const upstream::Load& load = *generation->upstreams[i].load;
    view.upstreams.push_back({generation->plan->upstreams[i].label(), load.requests.load(),
                              load.pending.load(), load.ejections.load(), load.retries.load()});
  }
  view.issuers = key_service_->health(clock_->now());
  for (const auto& source : generation->token_sources) {
    if (source) view.tokens.push_back(source->health());
  }
  view.connections = shared_->connections.total();
  view.in_flight_bytes = shared_->in_flight_bytes.load(std::memory_order_relaxed);
  view.log_dropped = settings_.log_dropped ? settings_.log_dropped() : 0;
  view.generation = generation->number;
  view.reloads_refused = reloads_refused_.load(std::memory_order_relaxed);
  view.version = settings_.version;
  AdminAnswer answer;
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = to_prometheus(view);
  co_return answer;
}

// The store does it on its own thread; what it says is in force when it is said.
net::Task<AdminAnswer> Gateway::ask_identities(AdminQuestion question) {
  const Later<AdminAnswer> later(admin_->loop);
  const std::int64_t now_s = admin_->loop.now().wall_s();
  std::int64_t lifetime_s = 0;
  bool opaque = false;
  for (const plan::Issuer& issuer : current()->plan->issuers) {
    lifetime_s = std::max(lifetime_s, issuer.rules.lifetime_max_s);
    opaque |= issuer.introspection.has_value();
  }
  // How long a token lives that only its issuer can read, nobody here knows.
  if (opaque) lifetime_s = 0;
  auto answer = std::make_shared<AdminAnswer>();
  store::IdentityStore::Job job = [answer, now_s, lifetime_s, question = std::move(question),
                                   random = random_](const store::Database& database,
                                                     const plan::KeyHasher& hasher) {
    *answer = answer_about_identities(database, hasher, question, now_s, lifetime_s, *random);
  };
  settings_.identity_store->ask(std::move(job), [later, answer] { later.say(std::move(*answer)); });
  co_return co_await later;
}

net::Task<AdminAnswer> Gateway::reload_for_admin() {
  const Later<AdminAnswer> answer(admin_->loop);
  if (!settings_.ask_reload) co_return AdminAnswer{501, "application/json", "{}\n"};
  settings_.ask_reload([answer](AdminAnswer said) { answer.say(std::move(said)); });
  co_return co_await answer;
}

}  // namespace caponier::gateway
