// A listening socket of one worker.
#pragma once

#include <memory>
#include <string>

#include "net/descriptor.h"
#include "net/epoll_loop.h"
#include "net/network.h"

namespace caponier::net {

// kShared: several sockets of this process (SO_REUSEPORT) take connections in turn. kExclusive: the only one.
enum class Sharing : bool { kExclusive, kShared };
// A bound descriptor, non-blocking; not listening yet.
Result<int, std::string> bind_socket(const Address& address, Sharing sharing);

// Where the socket `fd` listens; an error if it does not, or is none of TCP.
Result<Address, std::string> listening_address(int fd);
// Another descriptor of the socket, non-blocking and closed by exec.
Result<Descriptor, std::string> share_listening(int fd);

class SocketListener final : public Listener {
 public:
  static Result<std::unique_ptr<Listener>, std::string> open(EpollLoop& loop, const Address& address);
  // A socket that listens already, and that others may have, too.
  static Result<std::unique_ptr<Listener>, std::string> adopt(EpollLoop& loop, Descriptor socket);
  // Like close(): a waiting accept() ends with a null stream.
  ~SocketListener() override;
  SocketListener(const SocketListener&) = delete;
  SocketListener& operator=(const SocketListener&) = delete;

  Task<Accepted> accept() override;
  [[nodiscard]] Address address() const override { return address_; }
  [[nodiscard]] int descriptor() const override;
  void close() override;

 private:
  class Socket;
  class SocketReady;
  static Task<Accepted> accept_from(std::shared_ptr<Socket> socket);
  SocketListener(std::shared_ptr<Socket> socket, const Address& address);
  std::shared_ptr<Socket> socket_;
  Address address_;
};

}  // namespace caponier::net
