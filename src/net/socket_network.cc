#include "net/socket_network.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "net/readiness.h"
#include "net/socket_address.h"
#include "net/socket_listener.h"
#include "net/socket_stream.h"

namespace caponier::net {

namespace {

// A connection attempt from a port of the ephemeral range to the same port of this host meets itself.
bool meets_itself(int fd) {
  SocketAddress here;
  SocketAddress there;
  here.bytes = there.bytes = sizeof here.storage;
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&here.storage), &here.bytes) == 0 &&
         ::getpeername(fd, reinterpret_cast<sockaddr*>(&there.storage), &there.bytes) == 0 &&
         from_socket_address(here.get()) == from_socket_address(there.get());
}

// 0, or the errno that the attempt ended with.
int connect_error(int fd) {
  int error = 0;
  socklen_t bytes = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) return errno;
  return error;
}

// One lookup, owned by who waits and by who answers: whichever is later finds the other gone.
struct Lookup {
  class Waiting;
  Waiting* waiting = nullptr;
  std::optional<Resolver::Found> found;
};

class Lookup::Waiting final : private TimerNode {
 public:
  Waiting(Loop& loop, std::shared_ptr<Lookup> lookup, std::int64_t deadline_ms)
      : loop_(loop), lookup_(std::move(lookup)), deadline_ms_(deadline_ms) {}
  ~Waiting() { lookup_->waiting = nullptr; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  [[nodiscard]] bool await_ready() const { return lookup_->found.has_value(); }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    lookup_->waiting = this;
    loop_.timers().set(*this, deadline_ms_);
  }
  void await_resume() const {}
  void answered() {
    TimerWheel::cancel(*this);
    lookup_->waiting = nullptr;
    handle_.resume();
  }

 private:
  void expired() override {
    lookup_->waiting = nullptr;
    lookup_->found = Resolver::Found(Err(std::string("resolving the name timed out")));
    handle_.resume();
  }
  Loop& loop_;
  std::shared_ptr<Lookup> lookup_;
  std::int64_t deadline_ms_;
  std::coroutine_handle<> handle_;
};

}  // namespace

Result<Unit, std::string> probe_exclusive(const Address& address) {
  if (address.port == 0) return Unit{};
  auto bound = bind_socket(address, Sharing::kExclusive);
  if (!bound) return Err(bound.error());
  ::close(*bound);
  return Unit{};
}

Result<std::unique_ptr<Listener>, std::string> SocketNetwork::listen(const Address& address) {
  return SocketListener::open(loop_, address);
}

Result<std::unique_ptr<Listener>, std::string> SocketNetwork::adopt(int listening) {
  auto shared = share_listening(listening);
  if (!shared) return Err(shared.error());
  return SocketListener::adopt(loop_, std::move(*shared));
}

Task<Result<std::unique_ptr<Stream>, std::string>> SocketNetwork::connect(Address address,
                                                                          std::int64_t deadline_ms) {
  const SocketAddress to = to_socket_address(address);
  const int fd = ::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) co_return Err(error_text(errno));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, to.get(), to.bytes) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    ::close(fd);
    co_return Err(error_text(error));
  }
  auto stream = SocketStream::adopt(loop_, fd, SocketStream::State::kConnecting);
  if (!stream) co_return Err(std::string("the connection cannot be watched"));
  const bool in_time = co_await Readiness(*stream, Direction::kWrite, deadline_ms);
  if (!in_time) co_return Err(std::string("connecting timed out"));
  if (const int error = connect_error(fd); error != 0) co_return Err(error_text(error));
  if (address.is_loopback() && meets_itself(fd)) co_return Err(error_text(ECONNREFUSED));
  co_return std::unique_ptr<Stream>(std::move(stream));
}

Task<Result<std::vector<Address>, std::string>> SocketNetwork::resolve(std::string host, std::uint16_t port,
                                                                       std::int64_t deadline_ms) {
  if (const auto literal = parse_address(host, port)) co_return std::vector<Address>{*literal};
  auto lookup = std::make_shared<Lookup>();
  resolver_.lookup(std::move(host), port, [lookup, mailbox = loop_.mailbox()](Resolver::Found found) {
    mailbox->post([lookup, found = std::move(found)] {
      if (lookup->found) return;  // too late
      lookup->found = found;
      if (lookup->waiting != nullptr) lookup->waiting->answered();
    });
  });
  co_await Lookup::Waiting(loop_, lookup, deadline_ms);
  co_return *lookup->found;
}

}  // namespace caponier::net
