// For tests of the outbound side: a server in memory that gives one answer per connection, or per request.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/test_net.h"

namespace caponier::upstream {

class TestServer {
 public:
  TestServer(net::SimNetwork& network, const net::Address& address, std::string answer)
      : answer_(std::move(answer)), listener_(network.listen(address).value()) {
    net::spawn(accept(this));
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer() = default;

  std::string answer_;
  std::vector<std::string> requests;
  std::size_t connections = 0;
  bool ends_after_answer = false;
  // Of connections whose request was answered.
  std::vector<std::unique_ptr<net::Stream>> open;

 private:
  static net::Task<void> accept(TestServer* self) {
    for (;;) {
      auto accepted = co_await self->listener_->accept();
      if (!accepted.stream) co_return;
      ++self->connections;
      net::spawn(serve(self, std::move(accepted.stream)));
    }
  }
  static net::Task<void> serve(TestServer* self, std::unique_ptr<net::Stream> stream) {
    std::string request;
    std::string block(1024, '\0');
    while (request.find("\r\n\r\n") == std::string::npos) {
      const auto read = co_await stream->read(block.data(), block.size(), net::kNoDeadline);
      if (!read.ok()) co_return;
      request.append(block, 0, read.bytes);
    }
    self->requests.push_back(std::move(request));
    co_await stream->write(self->answer_, {}, net::kNoDeadline);
    if (self->ends_after_answer) stream->shutdown();
    self->open.push_back(std::move(stream));
  }
  std::unique_ptr<net::Listener> listener_;
};

inline std::string json_answer(const std::string& body, const std::string& type = "application/json",
                               const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace caponier::upstream
