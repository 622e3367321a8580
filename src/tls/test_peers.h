// For the tests of this room: both sides of a session over the in-memory network, and a stream that counts.
#pragma once

#include <gtest/gtest.h>

#include <ctime>
#include <memory>
#include <string>
#include <utility>

#include "net/test_net.h"
#include "tls/context.h"
#include "tls/local_ca.h"
#include "tls/tls_stream.h"

namespace caponier::tls {

// Passes everything on, and counts what would be system calls on a socket.
class CountingStream final : public net::Stream {
 public:
  explicit CountingStream(std::unique_ptr<net::Stream> lower) : lower_(std::move(lower)) {}
  net::IoResult try_read(char* into, std::size_t bytes_max) override {
    ++tries;
    const auto result = lower_->try_read(into, bytes_max);
    reads += result.ok();
    return result;
  }
  net::IoResult try_write(std::string_view first, std::string_view second) override {
    const auto result = lower_->try_write(first, second);
    writes += result.ok();
    return result;
  }
  void wait(net::Direction direction, net::Waiter* waiter) override { lower_->wait(direction, waiter); }
  void shutdown() override { lower_->shutdown(); }
  void abort() override { lower_->abort(); }
  net::Loop& loop() override { return lower_->loop(); }
  [[nodiscard]] bool may_read() const override { return readable; }
  bool readable = true;
  int tries = 0;
  int reads = 0;
  int writes = 0;

 private:
  std::unique_ptr<net::Stream> lower_;
};

struct Identity {
  Issued authority;
  Issued leaf;
};
inline const Identity& identity() {
  static const Identity made = [] {
    const std::int64_t now_s = std::time(nullptr);
    auto authority = std::move(*create_local_ca(now_s));
    auto leaf = std::move(*issue_local_leaf(authority.certificate_pem, authority.key_pem.reveal(), now_s));
    return Identity{std::move(authority), std::move(leaf)};
  }();
  return made;
}

class Peers : public ::testing::Test {
 public:
  ~Peers() override { net::destroy_spawned(); }

  void connect(const net::SimFaults& faults = {}) {
    network.set_faults(faults);
    auto ends = network.pair();
    auto counting = std::make_unique<CountingStream>(std::move(ends.first));
    below_server = counting.get();
    net::spawn(accept_one(*this, std::move(counting)));
    net::spawn(connect_one(*this, std::move(ends.second)));
    ASSERT_TRUE(loop.run_until([&] { return server_done && client_done; }));
  }
  void connect_well(const net::SimFaults& faults = {}) {
    connect(faults);
    ASSERT_TRUE(server) << server_failure.detail;
    ASSERT_TRUE(client) << client_failure.detail;
  }
  static net::Task<void> accept_one(Peers& peers, std::unique_ptr<net::Stream> lower) {
    auto result = co_await accept(std::move(lower), peers.server_context, peers.loop.now_ms() + 10'000);
    if (result) {
      peers.server = std::move(*result);
    } else {
      peers.server_failure = result.error();
    }
    peers.server_done = true;
  }
  static net::Task<void> connect_one(Peers& peers, std::unique_ptr<net::Stream> lower) {
    auto result = co_await tls::connect(std::move(lower), peers.client_context, peers.name,
                                        peers.loop.now_ms() + 10'000);
    if (result) {
      peers.client = std::move(*result);
    } else {
      peers.client_failure = result.error();
    }
    peers.client_done = true;
  }

  // Everything that `from` sends until it ends, at most `bytes_max`.
  static net::Task<void> collect(net::Stream& from, std::string& into, net::IoStatus& end, bool& done) {
    std::string piece(20'000, '\0');
    while (true) {
      const auto result = co_await from.read(piece.data(), piece.size(), from.loop().now_ms() + 60'000);
      end = result.status;
      if (!result.ok()) break;
      into.append(piece, 0, result.bytes);
    }
    done = true;
  }
  struct Received {
    std::string bytes;
    net::IoStatus end = net::IoStatus::kOk;
  };
  Received receive_all(net::Stream& from) {
    Received received;
    bool done = false;
    net::spawn(collect(from, received.bytes, received.end, done));
    EXPECT_TRUE(loop.run_until([&] { return done; }));
    return received;
  }
  // What one read brings.
  std::string receive(net::Stream& from) {
    std::string into(20'000, '\0');
    net::IoResult result;
    bool done = false;
    net::spawn(read_one(from, into, result, done));
    EXPECT_TRUE(loop.run_until([&] { return done; }));
    into.resize(result.bytes);
    return into;
  }
  static net::Task<void> read_one(net::Stream& from, std::string& into, net::IoResult& result, bool& done) {
    result = co_await from.read(into.data(), into.size(), from.loop().now_ms() + 60'000);
    done = true;
  }
  static net::Task<void> send(net::Stream& to, std::string first, std::string second, bool ends) {
    const auto result = co_await to.write(first, second, net::kNoDeadline);
    if (result.ok() && ends) to.shutdown();
  }

  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  std::shared_ptr<ServerContext> server_context =
      std::move(*ServerContext::create(identity().leaf.certificate_pem, identity().leaf.key_pem.reveal()));
  std::shared_ptr<ClientContext> client_context =
      std::move(*ClientContext::create(identity().authority.certificate_pem));
  std::string name = "localhost";
  bool server_done = false;
  bool client_done = false;
  std::unique_ptr<net::Stream> server;
  std::unique_ptr<net::Stream> client;
  CountingStream* below_server = nullptr;  // owned by `server`
  HandshakeFailure server_failure;
  HandshakeFailure client_failure;
};

}  // namespace caponier::tls
