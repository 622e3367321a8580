#include "gateway/gateway.h"

#include <thread>
#include <utility>

#include "event/record.h"
#include "net/epoll_loop.h"
#include "net/socket_network.h"

namespace caponier::gateway {

struct Gateway::Thread {
  Thread(Clock& clock, net::Resolver& resolver) : loop(clock), network(loop, resolver) {}
  net::EpollLoop loop;
  net::SocketNetwork network;
  std::unique_ptr<Worker> worker;
  std::thread thread;
};

Gateway::Gateway() = default;

Gateway::~Gateway() {
  for (auto& thread : threads_) {
    thread->loop.stop();
    if (thread->thread.joinable()) thread->thread.join();
  }
}

Result<std::unique_ptr<Gateway>, std::string> Gateway::create(Settings settings, Clock& clock,
                                                              RandomSource& random) {
  std::unique_ptr<Gateway> gateway(new Gateway());
  gateway->settings_ = std::move(settings);
  const Settings& set = gateway->settings_;
  gateway->resolver_ = std::make_unique<net::Resolver>();
  gateway->shared_ = std::make_unique<Shared>(set.plan, random);
  gateway->shared_->upstream_tls = set.upstream_tls;
  gateway->shared_->give_records = set.give_records;
  for (std::uint32_t i = 0; i < set.workers; ++i) {
    auto thread = std::make_unique<Thread>(clock, *gateway->resolver_);
    thread->worker = std::make_unique<Worker>(*gateway->shared_, thread->network, random);
    gateway->threads_.push_back(std::move(thread));
  }
  for (const ListenerSetting& setting : set.listeners) {
    if (auto listening = gateway->listen(setting); !listening) return Err(listening.error());
  }
  gateway->keys_ = std::make_unique<fetch::KeyService>(
      gateway->threads_.front()->network, set.plan, gateway->shared_->keys, set.development_keys,
      [self = gateway.get()](const fetch::KeyEvent& event) { self->report_keys(event); });
  gateway->shared_->key_service = gateway->keys_.get();
  return gateway;
}

Result<Unit, std::string> Gateway::listen(const ListenerSetting& setting) {
  net::Address address = setting.address;
  const auto cannot = [&address](const std::string& why) {
    return Err("cannot listen on " + address.text() + ": " + why);
  };
  if (auto free = net::probe_exclusive(address); !free) return cannot(free.error());
  auto surface = std::make_shared<Surface>(Surface{setting.name, setting.tls});
  for (auto& thread : threads_) {
    auto listener = thread->network.listen(address);
    if (!listener) return cannot(listener.error());
    address = (*listener)->address();
    thread->worker->serve(std::move(*listener), surface);
  }
  urls_.push_back((setting.tls ? "https://" : "http://") + address.text());
  return Unit{};
}

void Gateway::report_keys(const fetch::KeyEvent& event) {
  // On the loop of the first worker, where the key service lives.
  event::LifecycleRecord record;
  record.wall_ms = threads_.front()->loop.now().wall_ms;
  record.what = "keys";
  const std::string detail = event.issuer + (event.ok ? ": " : ": failed: ") + event.detail;
  record.detail = detail;
  threads_.front()->worker->record(record);
  if (settings_.on_keys) settings_.on_keys(event);
}

void Gateway::start() {
  threads_.front()->loop.post([this] { keys_->start(); });
  for (auto& thread : threads_) {
    thread->thread = std::thread([loop = &thread->loop, worker = thread->worker.get()] {
      // Here and not before: a task belongs to the thread that it was spawned on.
      worker->start();
      loop->run();
      net::destroy_spawned();
    });
  }
}

namespace {

// Waits on the worker's own loop until it is idle or its time is up, then ends what is left and the loop.
net::Task<void> drain_worker(Worker* worker, std::int64_t drain_ms) {
  constexpr std::int64_t kLookMs = 10;
  net::Loop& loop = worker->loop();
  const std::int64_t until = loop.now_ms() + drain_ms;
  worker->drain();
  while (!worker->idle() && loop.now_ms() < until) co_await loop.sleep_until(loop.now_ms() + kLookMs);
  worker->abort_all();
  for (int look = 0; look < 10 && !worker->idle(); ++look) co_await loop.sleep_until(loop.now_ms() + kLookMs);
  worker->flush_records();
  loop.stop();
}

}  // namespace

void Gateway::drain() {
  shared_->draining.store(true);
  const std::int64_t drain_ms = settings_.plan->limits.time.drain_ms;
  threads_.front()->loop.post([this] { keys_->stop(); });
  for (auto& thread : threads_) {
    thread->loop.post(
        [worker = thread->worker.get(), drain_ms] { net::spawn(drain_worker(worker, drain_ms)); });
  }
  for (auto& thread : threads_) {
    if (thread->thread.joinable()) thread->thread.join();
  }
}

}  // namespace caponier::gateway
