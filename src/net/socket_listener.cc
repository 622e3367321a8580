#include "net/socket_listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "net/socket_address.h"
#include "net/socket_stream.h"

namespace caponier::net {

namespace {

constexpr int kAcceptsPerTurnMax = 64;
constexpr std::int64_t kExhaustedPauseMs = 100;

void set_option(int fd, int level, int name) {
  const int on = 1;
  ::setsockopt(fd, level, name, &on, sizeof on);
}

bool is_exhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// accept(2): what went wrong with one connection before it was taken.
bool is_lost_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<int, std::string> bind_socket(const Address& address, Sharing sharing) {
  const SocketAddress wanted = to_socket_address(address);
  const int fd = ::socket(wanted.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Err(error_text(errno));
  set_option(fd, SOL_SOCKET, SO_REUSEADDR);
  if (sharing == Sharing::kShared) set_option(fd, SOL_SOCKET, SO_REUSEPORT);
  // "::" means IPv6 alone: nothing is open that was not asked for.
  if (wanted.family() == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
  // Inherited by what is accepted.
  set_option(fd, IPPROTO_TCP, TCP_NODELAY);
  if (::bind(fd, wanted.get(), wanted.bytes) != 0) {
    const int error = errno;
    ::close(fd);
    return Err(error_text(error));
  }
  return fd;
}

Result<Address, std::string> listening_address(int fd) {
  int listens = 0;
  socklen_t bytes = sizeof listens;
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &bytes) != 0) return Err(error_text(errno));
  SocketAddress real;
  real.bytes = sizeof real.storage;
  if (listens == 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&real.storage), &real.bytes) != 0) {
    return Err(std::string("it is no socket that listens"));
  }
  const auto address = from_socket_address(real.get());
  int type = 0;
  bytes = sizeof type;
  if (!address || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) != 0 || type != SOCK_STREAM) {
    return Err(std::string("it is no TCP socket"));
  }
  return *address;
}

Result<Descriptor, std::string> share_listening(int fd) {
  Descriptor shared(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  // Of the socket, not of the descriptor: whoever made it may have left it blocking.
  const int flags = shared.open() ? ::fcntl(shared.get(), F_GETFL) : -1;
  if (flags < 0 || ::fcntl(shared.get(), F_SETFL, flags | O_NONBLOCK) != 0) return Err(error_text(errno));
  return shared;
}

// Shared with an accept() under way, which may outlive the listener.
class SocketListener::Socket final : public EpollLoop::Watched, public TimerNode {
 public:
  Socket(EpollLoop& event_loop, int fd) : loop(event_loop), fd_(fd), spare_fd_(open_spare()) {}
  ~Socket() {
    close();
    loop.forget(*this);
    if (spare_fd_ >= 0) ::close(spare_fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // A connection, or a descriptor of -1: nothing now, wait.
  int take(Address& peer);
  [[nodiscard]] bool closed() const { return fd_ < 0; }
  [[nodiscard]] int fd() const { return fd_; }
  void close() {
    if (fd_ < 0) return;
    loop.unwatch(fd_);
    ::close(std::exchange(fd_, -1));
    loop.forget(*this);
    if (waiting) loop.pulse(*this);
  }
  void on_events(std::uint32_t) override { resume(); }
  void expired() override { resume(); }

  EpollLoop& loop;
  std::coroutine_handle<> waiting;

 private:
  static int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
  bool shed_one();
  void resume() {
    if (waiting) std::exchange(waiting, {}).resume();
  }
  int fd_;
  int spare_fd_;
  std::uint64_t turn_ = 0;
  int accepted_ = 0;  // in this turn
};

class SocketListener::SocketReady {
 public:
  explicit SocketReady(Socket& socket) : socket_(socket) {}
  ~SocketReady() { socket_.waiting = {}; }
  SocketReady(const SocketReady&) = delete;
  SocketReady& operator=(const SocketReady&) = delete;
  [[nodiscard]] bool await_ready() const { return socket_.closed(); }
  void await_suspend(std::coroutine_handle<> handle) { socket_.waiting = handle; }
  void await_resume() const {}

 private:
  Socket& socket_;
};

int SocketListener::Socket::take(Address& peer) {
  if (turn_ != loop.turn()) {
    turn_ = loop.turn();
    accepted_ = 0;
  }
  // A flood of connections must not starve those that are there.
  if (accepted_ == kAcceptsPerTurnMax) {
    loop.pulse(*this);
    return -1;
  }
  while (fd_ >= 0) {
    SocketAddress from;
    from.bytes = sizeof from.storage;
    const int fd =
        ::accept4(fd_, reinterpret_cast<sockaddr*>(&from.storage), &from.bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      ++accepted_;
      peer = from_socket_address(from.get()).value_or(Address{});
      return fd;
    }
    if (is_lost_connection(errno)) continue;
    if (errno == EAGAIN) return -1;
    if (is_exhaustion(errno) && shed_one()) continue;
    loop.timers().set(*this, loop.now_ms() + kExhaustedPauseMs);
    return -1;
  }
  return -1;
}

// Out of descriptors: gives up the spare one to take a connection and close it, so that its peer learns at
// once and the queue does not stay full. False: not even that works.
bool SocketListener::Socket::shed_one() {
  if (spare_fd_ < 0) spare_fd_ = open_spare();
  if (spare_fd_ < 0) return false;
  ::close(spare_fd_);
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  spare_fd_ = open_spare();
  return fd >= 0;
}

SocketListener::SocketListener(std::shared_ptr<Socket> socket, const Address& address)
    : socket_(std::move(socket)), address_(address) {}

SocketListener::~SocketListener() {
  socket_->close();
}

void SocketListener::close() {
  socket_->close();
}

Result<std::unique_ptr<Listener>, std::string> SocketListener::open(EpollLoop& loop, const Address& address) {
  auto bound = bind_socket(address, Sharing::kShared);
  if (!bound) return Err(bound.error());
  Descriptor socket(*bound);
  if (::listen(socket.get(), SOMAXCONN) != 0) return Err(error_text(errno));
  return adopt(loop, std::move(socket));
}

Result<std::unique_ptr<Listener>, std::string> SocketListener::adopt(EpollLoop& loop, Descriptor listening) {
  const auto address = listening_address(listening.get());
  if (!address) return Err(address.error());
  const int fd = listening.release();
  auto socket = std::make_shared<Socket>(loop, fd);
  if (!loop.watch(fd, EPOLLIN | EPOLLET, *socket)) return Err(error_text(errno));
  return std::unique_ptr<Listener>(new SocketListener(std::move(socket), *address));
}

int SocketListener::descriptor() const {
  return socket_->fd();
}

Task<Listener::Accepted> SocketListener::accept() {
  return accept_from(socket_);
}

Task<Listener::Accepted> SocketListener::accept_from(std::shared_ptr<Socket> socket) {
  while (!socket->closed()) {
    Address peer;
    const int fd = socket->take(peer);
    if (fd < 0) {
      co_await SocketReady(*socket);
      continue;
    }
    auto stream = SocketStream::adopt(socket->loop, fd, SocketStream::State::kConnected);
    if (!stream) continue;
    Accepted accepted;
    accepted.stream = std::move(stream);
    accepted.peer = peer;
    co_return accepted;
  }
  co_return Accepted{};
}

}  // namespace caponier::net
