// Plain sockets with deadlines, and a lenient reader of HTTP/1.1 messages: what the tests send and see, byte
// by byte. It shares no code with the product, so that a defect there cannot hide itself here.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace caponier::e2e {

using Clock = std::chrono::steady_clock;
// Longer than anything takes on a slow machine; only a failure waits for so long.
inline constexpr std::chrono::milliseconds kPatience{20'000};

class Socket {
 public:
  explicit Socket(int fd = -1);
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { close(); }

  // To 127.0.0.1; not open() if refused.
  static Socket connect(int port);
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }

  // False if the peer is gone or takes nothing.
  [[nodiscard]] bool send(std::string_view bytes) const;
  // Appends what comes; false at the end, on a reset, or when nothing came in time.
  [[nodiscard]] bool receive(std::string& into, std::chrono::milliseconds patience = kPatience) const;
  void end_sending() const;
  // The peer will see a reset, not an end.
  void reset_on_close() const;
  void close();

 private:
  int fd_;
};

struct Message {
  std::string start_line;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string head;       // as it came, blank line included
  bool complete = false;  // the body came whole

  [[nodiscard]] int status() const;  // of an answer; 0 if this is none
  // Values of all fields of that name, in order, joined by ", "; names are compared without case.
  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
};

// Reads messages one after the other. What lies behind a message stays for the next.
class MessageReader {
 public:
  // `seen` is told every byte that arrives.
  explicit MessageReader(const Socket& socket, std::function<void(std::string_view)> seen = {})
      : socket_(socket), seen_(std::move(seen)) {}

  // Start line and fields; nothing if the connection ended first.
  std::optional<Message> read_head();
  // `body_until_close`: of an answer without a length.
  void read_body(Message& message, bool body_until_close);
  // An answer, interim ones skipped. `no_body`: to HEAD.
  std::optional<Message> read_answer(bool no_body = false);
  std::optional<Message> read_request();
  // Everything up to the end of the connection.
  std::string read_to_end();
  // More bytes into the buffer.
  bool more();
  std::string& buffer() { return buffer_; }

 private:
  bool take(std::size_t bytes, std::string& into);
  std::optional<std::string> take_line();
  bool read_chunks(std::string& into);

  const Socket& socket_;
  std::function<void(std::string_view)> seen_;
  std::string buffer_;
};

// Sends `bytes` to 127.0.0.1:port and reads one answer; one with status 0 if none came.
Message ask(int port, std::string_view bytes);

// True as soon as `condition` is; looks again and again, at most `kPatience`.
bool eventually(const std::function<bool()>& condition);

}  // namespace caponier::e2e
