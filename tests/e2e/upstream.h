// An upstream that does as it is told: one thread for each connection runs a script over a plain socket. It
// remembers every byte that it received.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "e2e/wire.h"

namespace caponier::e2e {

class Upstream;

// One connection, as its script sees it.
class Peer {
 public:
  Peer(Upstream& upstream, Socket socket, std::size_t number);
  // The next request with its body; nothing when the connection has ended.
  std::optional<Message> read_request();
  // Only the head; the body is read() or reader().
  std::optional<Message> read_head();
  bool send(std::string_view bytes) { return socket_.send(bytes); }
  Socket& socket() { return socket_; }
  MessageReader& reader() { return reader_; }
  // 0 for the first connection.
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  Upstream& upstream_;
  Socket socket_;
  MessageReader reader_;
  std::size_t number_;
};

using Script = std::function<void(Peer&)>;

// "HTTP/1.1 STATUS X", Content-Type and Content-Length.
std::string answer_text(int status, std::string_view type, std::string_view body);
// Gives `bytes` for every request, as long as requests come.
Script answering(std::string bytes);
// Answers 200 with the request's body.
Script echoing();

class Upstream {
 public:
  explicit Upstream(Script script);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // From now on connections are refused, and those that are open are closed.
  void stop();

  // For connections that open from now on.
  void set_script(Script script);
  // Every byte of every connection, in the order of arrival.
  [[nodiscard]] std::string received();
  [[nodiscard]] std::vector<Message> requests();
  [[nodiscard]] std::size_t connections();

 private:
  friend class Peer;
  struct Connection {
    std::thread thread;
    int fd = -1;  // for shutdown; -1 once the script has ended
  };
  void accept_all();
  void serve(Connection& connection, int fd, std::size_t number);
  void note_bytes(std::string_view bytes);
  void note_request(const Message& request);

  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;  // guards what follows
  Script script_;
  std::string received_;
  std::vector<Message> requests_;
  std::list<Connection> connections_;
  bool stopped_ = false;
};

}  // namespace caponier::e2e
