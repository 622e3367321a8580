// For tests of the outbound side: a server in memory that gives one answer per connection, or per request.
#pragma once

#include <memory>
#include <string>
#include <string_view>
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
  bool keeps_connections = false;  // one answer per request; those connections are not in `open`
  int goes_away = 0;               // without an answer, so many times more
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
    while (self->keeps_connections) {
      if (!co_await answer_next(self, stream.get())) co_return;
    }
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
  // One more request with its body (of a declared length), and its answer; false: the client has gone.
  static net::Task<bool> answer_next(TestServer* self, net::Stream* stream) {
    constexpr std::string_view kLength = "Content-Length: ";
    std::string request;
    std::string block(1024, '\0');
    for (std::size_t whole = std::string::npos; request.size() < whole;) {
      const auto read = co_await stream->read(block.data(), block.size(), net::kNoDeadline);
      if (!read.ok()) co_return false;
      request.append(block, 0, read.bytes);
      const std::size_t end = request.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const std::size_t length = request.find(kLength);
      whole = end + 4 + (length < end ? std::stoul(request.substr(length + kLength.size())) : 0);
    }
    self->requests.push_back(std::move(request));
    if (self->goes_away > 0) {
      --self->goes_away;
      co_return false;
    }
    const auto written = co_await stream->write(self->answer_, {}, net::kNoDeadline);
    if (self->ends_after_answer) stream->shutdown();
    co_return written.ok() && !self->ends_after_answer;
  }
  std::unique_ptr<net::Listener> listener_;
};

inline std::string json_answer(const std::string& body, const std::string& type = "application/json",
                               const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace caponier::upstream
