#include "net/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "net/socket_address.h"

namespace caponier::net {

namespace {

constexpr std::size_t kHostBytesMax = 253;

Resolver::Found look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (code != 0) return Err(std::string(::gai_strerror(code)));
  std::vector<Address> found;
  for (const addrinfo* entry = list; entry != nullptr && found.size() < Resolver::kAddressesMax;
       entry = entry->ai_next) {
    auto address = from_socket_address(entry->ai_addr);
    if (!address) continue;
    address->port = port;
    found.push_back(*address);
  }
  ::freeaddrinfo(list);
  if (found.empty()) return Err(std::string("the name has no address"));
  return found;
}

}  // namespace

struct Resolver::Shared {
  struct Lookup {
    std::string host;
    std::uint16_t port;
    Done done;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Lookup> waiting;
  std::size_t threads = 0;
  std::size_t idle = 0;
  bool stopping = false;
};

Resolver::Resolver() : shared_(std::make_shared<Shared>()) {}

Resolver::~Resolver() {
  const std::lock_guard lock(shared_->mutex);
  shared_->stopping = true;
  shared_->waiting.clear();
  shared_->changed.notify_all();
}

void Resolver::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (true) {
    ++shared->idle;
    shared->changed.wait(lock, [&] { return shared->stopping || !shared->waiting.empty(); });
    --shared->idle;
    if (shared->stopping) return;
    Shared::Lookup next = std::move(shared->waiting.front());
    shared->waiting.pop_front();
    lock.unlock();
    next.done(look_up(next.host, next.port));
    next.done = nullptr;
    lock.lock();
  }
}

void Resolver::lookup(std::string host, std::uint16_t port, Done done) {
  if (host.empty() || host.size() > kHostBytesMax || host.find('\0') != host.npos) {
    done(Err(std::string("not a host name")));
    return;
  }
  std::unique_lock lock(shared_->mutex);
  if (shared_->waiting.size() >= kWaitingMax) {
    lock.unlock();
    done(Err(std::string("too many names are being resolved")));
    return;
  }
  shared_->waiting.push_back({std::move(host), port, std::move(done)});
  if (shared_->idle == 0 && shared_->threads < kThreads) {
    ++shared_->threads;
    // Detached, because a lookup can outlast everything that waits for it by half a minute.
    std::thread([shared = shared_] { work(shared); }).detach();
  }
  shared_->changed.notify_one();
}

}  // namespace caponier::net
