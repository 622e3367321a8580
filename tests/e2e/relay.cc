#include "e2e/relay.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

namespace caponier::e2e {

Relay::Relay(int target, std::string prefix)
    : target_(target),
      prefix_(std::move(prefix)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  if (::bind(listener_.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.fd(), 16) != 0 ||
      ::getsockname(listener_.fd(), reinterpret_cast<sockaddr*>(&address), &bytes) != 0) {
    return;
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

Relay::~Relay() {
  over_ = true;
  ::shutdown(listener_.fd(), SHUT_RDWR);
  if (acceptor_.joinable()) acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
}

void Relay::accept_all() {
  for (;;) {
    Socket client(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (over_ || !client.open()) return;
    connections_.emplace_back([this, client = std::move(client)]() mutable { pass(std::move(client)); });
  }
}

void Relay::pass(Socket client) const {
  const Socket server = Socket::connect(target_);
  if (!server.open() || !server.send(prefix_)) return;
  while (!over_) {
    std::array<pollfd, 2> waits = {{{client.fd(), POLLIN, 0}, {server.fd(), POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), 50) <= 0) continue;
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].revents == 0) continue;
      std::array<char, 16384> bytes{};
      const ssize_t count = ::recv(waits[i].fd, bytes.data(), bytes.size(), 0);
      const Socket& to = i == 0 ? server : client;
      if (count <= 0 || !to.send({bytes.data(), static_cast<std::size_t>(count)})) return;
    }
  }
}

}  // namespace caponier::e2e
