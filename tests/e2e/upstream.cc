#include "e2e/upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace caponier::e2e {

Peer::Peer(Upstream& upstream, Socket socket, std::size_t number)
    : upstream_(upstream),
      socket_(std::move(socket)),
      reader_(socket_, [&upstream](std::string_view bytes) { upstream.note_bytes(bytes); }),
      number_(number) {}

std::optional<Message> Peer::read_request() {
  auto request = reader_.read_request();
  if (request) upstream_.note_request(*request);
  return request;
}

std::optional<Message> Peer::read_head() {
  auto request = reader_.read_head();
  if (request) upstream_.note_request(*request);
  return request;
}

std::string answer_text(int status, std::string_view type, std::string_view body) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " X\r\n";
  if (!type.empty()) text.append("Content-Type: ").append(type).append("\r\n");
  if (status != 204) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text.append("\r\n").append(body);
}

Script answering(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    while (peer.read_request() && peer.send(bytes)) {
    }
  };
}

Script echoing() {
  return [](Peer& peer) {
    while (auto request = peer.read_request()) {
      const std::string type = request->header("Content-Type");
      if (!peer.send(answer_text(200, type.empty() ? "text/plain" : type, request->body))) return;
    }
  };
}

Upstream::Upstream(Script script) : script_(std::move(script)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port for an upstream");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

Upstream::~Upstream() {
  stop();
  for (Connection& connection : connections_) connection.thread.join();
}

void Upstream::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    for (const Connection& connection : connections_) {
      if (connection.fd >= 0) shutdown(connection.fd, SHUT_RDWR);
    }
  }
  // Wakes the accepting thread, and from then on the kernel refuses.
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
}

void Upstream::set_script(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

void Upstream::accept_all() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    const std::size_t number = connections_.size();
    Connection& connection = connections_.emplace_back();
    connection.fd = fd;
    if (stopped_) shutdown(fd, SHUT_RDWR);
    connection.thread = std::thread([this, &connection, fd, number] { serve(connection, fd, number); });
  }
}

void Upstream::serve(Connection& connection, int fd, std::size_t number) {
  Script script;
  {
    const std::lock_guard lock(mutex_);
    script = script_;
  }
  Peer peer(*this, Socket(fd), number);
  script(peer);
  // Closed under the lock: stop() must not shut down a descriptor that is somebody else's by then.
  const std::lock_guard lock(mutex_);
  connection.fd = -1;
  peer.socket().close();
}

void Upstream::note_bytes(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  received_ += bytes;
}

void Upstream::note_request(const Message& request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(request);
}

std::string Upstream::received() {
  const std::lock_guard lock(mutex_);
  return received_;
}

std::vector<Message> Upstream::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t Upstream::connections() {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

}  // namespace caponier::e2e
