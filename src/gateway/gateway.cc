#include "gateway/gateway.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "event/record.h"
#include "gateway/gateway_threads.h"

namespace caponier::gateway {

Gateway::Gateway() = default;

Gateway::~Gateway() {
  if (shared_) shared_->identities->watch({});
  // It answers to the loops.
  if (shared_) shared_->passwords.stop();
  stop_admin();
  for (auto& thread : threads_) {
    thread->loop.stop();
    if (thread->thread.joinable()) thread->thread.join();
  }
  if (session_keeper_) session_keeper_->close();
}

Result<std::unique_ptr<Gateway>, std::string> Gateway::create(Settings settings, Clock& clock,
                                                              RandomSource& random) {
  std::unique_ptr<Gateway> gateway(new Gateway());
  gateway->settings_ = std::move(settings);
  gateway->clock_ = &clock;
  gateway->random_ = &random;
  Settings& set = gateway->settings_;
  gateway->resolver_ = std::make_unique<net::Resolver>();
  gateway->shared_ = std::make_unique<Shared>(set.plan->limits, set.plan->operations.size(), random);
  gateway->shared_->give_records = set.give_records;
  if (set.identities) gateway->shared_->identities = set.identities;
  if (set.assertions) gateway->shared_->assertions = set.assertions;
  for (std::uint32_t i = 0; i < set.workers; ++i) {
    gateway->threads_.push_back(std::make_unique<Thread>(clock, *gateway->resolver_));
  }
  gateway->key_service_ = std::make_unique<fetch::KeyService>(
      gateway->threads_.front()->network, set.development_keys, set.state_dir,
      [raw = gateway.get()](const fetch::KeyEvent& event) { raw->report_keys(event); });
  if (set.session_store) {
    net::Network& network = gateway->threads_.front()->network;
    gateway->session_keeper_ = std::make_shared<fetch::SessionKeeper>(
        network, gateway->shared_->sessions, std::move(*set.sealer), std::move(set.session_store),
        gateway->shared_->identities,
        [raw = gateway.get()](const std::string& why) { raw->report("sessions", why); },
        [raw = gateway.get()] { raw->judge_streams(); });
    if (auto loaded = gateway->session_keeper_->load(set.plan->limits.tokens, clock.now()); !loaded)
      return Err(loaded.error());
  }
  gateway->current_ = gateway->make_generation(set.plan, set.upstream_tls);
  for (auto& thread : gateway->threads_) {
    thread->worker = std::make_unique<Worker>(*gateway->shared_, gateway->current_, thread->network, random);
  }
  for (ListenerSetting& setting : set.listeners) {
    if (setting.surface == config::Surface::kAdmin && !gateway->admin_) {
      gateway->admin_ = std::make_unique<Admin>(clock, *gateway->resolver_);
    }
    if (auto listening = gateway->listen(setting); !listening) return Err(listening.error());
  }
  return gateway;
}

std::shared_ptr<Generation> Gateway::make_generation(
    std::shared_ptr<const plan::Plan> plan, std::vector<std::shared_ptr<tls::ClientContext>> upstream_tls) {
  auto generation = std::make_shared<Generation>(std::move(plan), ++generations_);
  for (std::size_t i = 0; i < generation->upstreams.size(); ++i) {
    generation->upstreams[i].tls = std::move(upstream_tls[i]);
  }
  generation->metric_rows = shared_->metric_names.rows_of(*generation->plan);
  attach_keys(*generation, *key_service_, clock_->now());
  const plan::Plan& served = *generation->plan;
  for (const plan::Issuer& issuer : served.issuers) {
    net::Network& network = threads_.front()->network;
    generation->issuer_clients.push_back(std::make_shared<fetch::IssuerClient>(
        network, issuer, served.limits.tokens, served.limits.time.need_ms, *random_));
    auto& introspector = generation->introspectors.emplace_back();
    if (!issuer.introspection) continue;
    introspector =
        std::make_shared<fetch::Introspector>(network, generation->issuer_clients.back(),
                                              generation->key_sources[generation->introspectors.size() - 1],
                                              [this](const fetch::KeyEvent& event) { report_keys(event); });
  }
  for (const plan::Login& login : served.logins) {
    if (!session_keeper_) break;
    generation->logins.push_back(std::make_shared<fetch::BrowserLogin>(
        threads_.front()->network, login, generation->issuer_clients[login.issuer],
        generation->key_sources[login.issuer], session_keeper_, *random_));
  }
  attach_token_sources(*generation, current().get());
  return generation;
}

std::shared_ptr<Generation> Gateway::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

namespace {

std::shared_ptr<const Surface> surface_of(const ListenerSetting& setting, const Entrance& entrance) {
  return std::make_shared<Surface>(
      Surface{setting.name, setting.surface == config::Surface::kInternal, entrance.tls, entrance.rules});
}

}  // namespace

// One socket for each network, at least; every socket that is there already has somebody who accepts from it.
Gateway::Listeners Gateway::open_sockets(const ListenerSetting& setting,
                                         const std::vector<net::SocketNetwork*>& networks) {
  std::vector<std::unique_ptr<net::Listener>> out;
  if (setting.sockets.empty()) {
    if (auto free = net::probe_exclusive(setting.address); !free) return Err(free.error());
    net::Address address = setting.address;
    for (net::SocketNetwork* network : networks) {
      auto listener = network->listen(address);
      if (!listener) return Err(listener.error());
      address = (*listener)->address();
      out.push_back(std::move(*listener));
    }
    return out;
  }
  const std::size_t count = std::max(networks.size(), setting.sockets.size());
  for (std::size_t i = 0; i < count; ++i) {
    auto listener = networks[i % networks.size()]->adopt(setting.sockets[i % setting.sockets.size()].get());
    if (!listener) return Err(listener.error());
    out.push_back(std::move(*listener));
  }
  return out;
}

Result<Unit, std::string> Gateway::listen(ListenerSetting& setting) {
  const bool admin = setting.surface == config::Surface::kAdmin;
  std::vector<net::SocketNetwork*> networks;
  if (admin) networks.push_back(&admin_->network);
  for (std::size_t i = 0; !admin && i < threads_.size(); ++i) networks.push_back(&threads_[i]->network);
  auto listeners = open_sockets(setting, networks);
  if (!listeners) return Err("cannot listen on " + setting.address.text() + ": " + listeners.error());
  setting.sockets.clear();
  const net::Address address = listeners->front()->address();
  const auto surface = surface_of(setting, setting.entrance);
  for (std::size_t i = 0; i < listeners->size(); ++i) {
    std::unique_ptr<net::Listener>& listener = (*listeners)[i];
    listening_.push_back({setting.name, listener->descriptor()});
    if (admin) {
      admin_->listeners.push_back({std::move(listener), setting.entrance.tls, setting.name});
    } else {
      threads_[i % threads_.size()]->worker->serve(std::move(listener), surface);
    }
  }
  std::string url = setting.entrance.tls ? "https://" : "http://";
  if (!setting.entrance.rules.redirect.empty()) {
    url.insert(0, "redirect ");
  } else if (setting.surface != config::Surface::kPublic) {
    url.insert(0, std::string(config::name(setting.surface)) + ' ');
  }
  urls_.push_back(url + address.text());
  return Unit{};
}

// On the loop of the first worker, where what fetches lives.
void Gateway::report(std::string_view what, std::string_view detail) {
  event::LifecycleRecord record;
  record.wall_ms = threads_.front()->loop.now().wall_ms;
  record.what = what;
  record.detail = detail;
  threads_.front()->worker->record(record);
}

void Gateway::report_keys(const fetch::KeyEvent& event) {
  report("keys", event.issuer + (event.ok ? ": " : ": failed: ") + event.detail);
  if (settings_.on_keys) settings_.on_keys(event);
}

// On the store's thread.
void Gateway::watch_identities() {
  shared_->identities->watch([this] { judge_streams(); });
}

void Gateway::judge_streams() {
  for (auto& thread : threads_) {
    thread->loop.post([worker = thread->worker.get()] { worker->judge_streams(); });
  }
}

void Gateway::start() {
  watch_identities();
  threads_.front()->loop.post([keys = key_service_.get(), sessions = session_keeper_, generation = current_] {
    keys->use(generation->plan, generation->key_sources);
    if (!sessions) return;
    sessions->use(generation->plan);
    sessions->start();
  });
  for (auto& thread : threads_) {
    thread->thread = std::thread([loop = &thread->loop, worker = thread->worker.get()] {
      // Here and not before: a task belongs to the thread that it was spawned on.
      worker->start();
      loop->run();
      net::destroy_spawned();
    });
  }
  if (admin_) start_admin();
}

namespace {

// Counts workers that have done something.
class Roll {
 public:
  explicit Roll(std::size_t workers) : left_(workers) {}
  void done() {
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) all_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    all_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  std::size_t left_;
};

}  // namespace

void Gateway::replace(Replacement replacement) {
  const std::shared_ptr<Generation> before = current();
  const std::shared_ptr<Generation> next =
      make_generation(std::move(replacement.plan), std::move(replacement.upstream_tls));
  inherit(*before, *next);
  std::vector<std::shared_ptr<const Surface>> surfaces;
  std::vector<std::shared_ptr<tls::ServerContext>> admin_tls;
  for (std::size_t i = 0; i < settings_.listeners.size(); ++i) {
    const ListenerSetting& setting = settings_.listeners[i];
    if (setting.surface == config::Surface::kAdmin) {
      admin_tls.push_back(replacement.entrances[i].tls);
      continue;
    }
    surfaces.push_back(surface_of(setting, replacement.entrances[i]));
  }
  shared_->connections.set_limits(next->plan->limits.connections);
  threads_.front()->loop.post([keys = key_service_.get(), sessions = session_keeper_, next] {
    keys->use(next->plan, next->key_sources);
    if (sessions) sessions->use(next->plan);
  });
  Roll roll(threads_.size());
  for (auto& thread : threads_) {
    thread->loop.post([worker = thread->worker.get(), &next, &surfaces, &roll] {
      worker->replace(next, surfaces);
      roll.done();
    });
  }
  roll.wait();
  {
    const std::lock_guard lock(mutex_);
    current_ = next;
  }
  if (admin_) {
    admin_->loop.post([admin = admin_.get(), next, admin_tls] {
      admin->server->replace(admin_tls);
      find_upstreams(&admin->network, next);
    });
  }
}

namespace {

// Waits on the worker's own loop until it is idle or its time is up, then ends what is left, and the loop
// once `others_wait` says so: of the worker whose loop asks the issuers for all.
net::Task<void> drain_worker(Worker* worker, std::int64_t drain_ms,
                             std::function<bool(bool in_time)> others_wait) {
  constexpr std::int64_t kLookMs = 10;
  net::Loop& loop = worker->loop();
  const std::int64_t until = loop.now_ms() + drain_ms;
  worker->drain();
  while (!worker->idle() && loop.now_ms() < until) co_await loop.sleep_until(loop.now_ms() + kLookMs);
  // The first time WebSockets are told, and their clients may answer; the second time all connections are
  // cut.
  for (int time = 0; time < 2; ++time) {
    worker->abort_all();
    for (int look = 0; look < 10 && !worker->idle(); ++look)
      co_await loop.sleep_until(loop.now_ms() + kLookMs);
  }
  worker->flush_records();
  while (others_wait(loop.now_ms() < until)) co_await loop.sleep_until(loop.now_ms() + kLookMs);
  loop.stop();
}

}  // namespace

void Gateway::drain(bool handed_over) {
  constexpr std::int64_t kAskOnceMoreMs = 5000;
  const std::shared_ptr<Generation> last = current();
  const std::int64_t drain_ms = last->plan->limits.time.drain_ms;
  shared_->idle_grace_ms.store(handed_over ? std::min(kAskOnceMoreMs, drain_ms / 2) : 0);
  shared_->draining.store(true);
  listening_.clear();
  // Whoever asks how it is means the process that accepts.
  if (handed_over && admin_) admin_->loop.post([server = admin_->server.get()] { server->stop(); });
  threads_.front()->loop.post([keys = key_service_.get(), sessions = session_keeper_] {
    keys->stop();
    if (sessions) sessions->stop();
  });
  const auto running = std::make_shared<std::atomic<std::size_t>>(threads_.size());
  for (auto& thread : threads_) {
    std::function<bool(bool)> others_wait = [running](bool) {
      running->fetch_sub(1);
      return false;
    };
    if (thread == threads_.front()) {
      // And what an issuer answers to a renewal is good for once: it must reach the disk.
      others_wait = [running, sessions = session_keeper_](bool in_time) {
        return running->load() > 1 || (in_time && sessions && !sessions->renewals().empty());
      };
    }
    thread->loop.post([worker = thread->worker.get(), drain_ms, others_wait = std::move(others_wait)] {
      net::spawn(drain_worker(worker, drain_ms, others_wait));
    });
  }
  for (auto& thread : threads_) {
    if (thread->thread.joinable()) thread->thread.join();
  }
  stop_admin();
}

}  // namespace caponier::gateway
