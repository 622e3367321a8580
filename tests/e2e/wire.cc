#include "e2e/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace caponier::e2e {
namespace {

bool ready(int fd, short events, std::chrono::milliseconds patience) {
  pollfd wanted{fd, events, 0};
  return poll(&wanted, 1, static_cast<int>(patience.count())) > 0;
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

Socket::Socket(int fd) : fd_(fd) {
  const int on = 1;
  if (fd_ >= 0) setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Socket& Socket::operator=(Socket&& other) noexcept {
  close();
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

Socket Socket::connect(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return Socket();
  }
  return Socket(fd);
}

bool Socket::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    if (!ready(fd_, POLLOUT, kPatience)) return false;
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Socket::receive(std::string& into, std::chrono::milliseconds patience) const {
  char block[65536];
  if (fd_ < 0 || !ready(fd_, POLLIN, patience)) return false;
  const ssize_t got = recv(fd_, block, sizeof block, 0);
  if (got <= 0) return false;
  into.append(block, static_cast<std::size_t>(got));
  return true;
}

void Socket::end_sending() const {
  shutdown(fd_, SHUT_WR);
}

void Socket::reset_on_close() const {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void Socket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

int Message::status() const {
  return start_line.starts_with("HTTP/1.") && start_line.size() > 12 ? std::atoi(start_line.c_str() + 9) : 0;
}

std::string Message::header(std::string_view name) const {
  std::string all;
  for (const auto& [field, value] : headers) {
    if (same_name(field, name)) all += (all.empty() ? "" : ", ") + value;
  }
  return all;
}

bool Message::has(std::string_view name) const {
  for (const auto& field : headers) {
    if (same_name(field.first, name)) return true;
  }
  return false;
}

bool MessageReader::more() {
  std::string block;
  if (!socket_.receive(block)) return false;
  if (seen_) seen_(block);
  buffer_ += block;
  return true;
}

std::optional<Message> MessageReader::read_head() {
  while (buffer_.find("\r\n\r\n") == std::string::npos) {
    if (!more()) return std::nullopt;
  }
  Message message;
  const std::size_t end = buffer_.find("\r\n\r\n") + 4;
  message.head = buffer_.substr(0, end);
  buffer_.erase(0, end);
  std::string_view rest = message.head;
  for (std::size_t line_end = 0; (line_end = rest.find("\r\n")) != 0; rest.remove_prefix(line_end + 2)) {
    const std::string_view line = rest.substr(0, line_end);
    const std::size_t colon = line.find(':');
    if (message.start_line.empty()) {
      message.start_line = line;
    } else if (colon != std::string_view::npos) {
      message.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    }
  }
  return message;
}

bool MessageReader::take(std::size_t bytes, std::string& into) {
  while (buffer_.size() < bytes) {
    if (!more()) break;
  }
  const std::size_t here = std::min(bytes, buffer_.size());
  into.append(buffer_, 0, here);
  buffer_.erase(0, here);
  return here == bytes;
}

std::optional<std::string> MessageReader::take_line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!more()) return std::nullopt;
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

bool MessageReader::read_chunks(std::string& into) {
  for (;;) {
    const auto size_line = take_line();
    if (!size_line) return false;
    const std::size_t size = std::strtoul(size_line->c_str(), nullptr, 16);
    if (size > 0 && !take(size, into)) return false;
    const auto end_line = take_line();
    if (!end_line || !end_line->empty()) return false;
    if (size == 0) return true;
  }
}

void MessageReader::read_body(Message& message, bool body_until_close) {
  const std::string length = message.header("Content-Length");
  if (message.has("Transfer-Encoding")) {
    message.complete = read_chunks(message.body);
  } else if (!length.empty()) {
    message.complete = take(std::strtoul(length.c_str(), nullptr, 10), message.body);
  } else {
    if (body_until_close) message.body = read_to_end();
    message.complete = true;
  }
}

std::optional<Message> MessageReader::read_answer(bool no_body) {
  for (;;) {
    auto message = read_head();
    if (!message) return std::nullopt;
    const int status = message->status();
    if (status >= 100 && status < 200) continue;
    if (no_body || status == 204 || status == 304) {
      message->complete = true;
    } else {
      read_body(*message, true);
    }
    return message;
  }
}

std::optional<Message> MessageReader::read_request() {
  auto message = read_head();
  if (message) read_body(*message, false);
  return message;
}

std::string MessageReader::read_to_end() {
  while (more()) {
  }
  return std::exchange(buffer_, {});
}

Message ask(int port, std::string_view bytes) {
  const Socket socket = Socket::connect(port);
  if (!socket.open()) return {};
  // An answer may come before everything is sent.
  (void)socket.send(bytes);
  MessageReader reader(socket);
  auto answer = reader.read_answer(bytes.starts_with("HEAD "));
  return answer ? std::move(*answer) : Message{};
}

bool eventually(const std::function<bool()>& condition) {
  constexpr int kLookMs = 3;
  for (const auto until = Clock::now() + kPatience; !condition(); poll(nullptr, 0, kLookMs)) {
    if (Clock::now() > until) return false;
  }
  return true;
}

}  // namespace caponier::e2e
