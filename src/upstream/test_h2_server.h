// For tests of the outbound side: an HTTP/2 server in memory that says what it is told to.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/test_h2.h"
#include "net/test_net.h"

namespace caponier::upstream {

class TestH2Server {
 public:
  struct Connection {
    std::unique_ptr<net::Stream> stream;
    std::string seen;
    bool ended = false;
    void say(std::string_view frames) { (void)stream->try_write(frames, {}); }
  };

  TestH2Server(net::SimNetwork& network, const net::Address& address)
      : listener_(network.listen(address).value()) {
    net::spawn(accept(this));
  }
  TestH2Server(const TestH2Server&) = delete;
  TestH2Server& operator=(const TestH2Server&) = delete;
  ~TestH2Server() = default;

  std::string settings;  // the payload of its first frame
  std::vector<std::unique_ptr<Connection>> connections;
  // Called for what came on a connection, after it was added to `seen`.
  std::function<void(Connection&)> on_bytes;

 private:
  static net::Task<void> accept(TestH2Server* self) {
    for (;;) {
      auto accepted = co_await self->listener_->accept();
      if (!accepted.stream) co_return;
      auto connection = std::make_unique<Connection>();
      connection->stream = std::move(accepted.stream);
      connection->say(http::h2::frame(http::h2::FrameType::kSettings, 0, 0, self->settings));
      net::spawn(serve(self, connection.get()));
      self->connections.push_back(std::move(connection));
    }
  }
  static net::Task<void> serve(TestH2Server* self, Connection* connection) {
    std::string block(4096, '\0');
    for (;;) {
      const auto read = co_await connection->stream->read(block.data(), block.size(), net::kNoDeadline);
      if (!read.ok()) break;
      connection->seen.append(block, 0, read.bytes);
      if (self->on_bytes) self->on_bytes(*connection);
    }
    connection->ended = true;
  }
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace caponier::upstream
