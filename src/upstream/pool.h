// Keep-alive connections to one endpoint of an upstream, one pool per loop. The most recently used connection
// is taken first. An idle one is watched: when the upstream closes it or says something unasked, it leaves
// the pool at once, without a probe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/result.h"
#include "net/network.h"
#include "tls/context.h"
#include "upstream/http1_connection.h"

namespace caponier::upstream {

// What of the limits a connection to an upstream keeps to.
struct PoolLimits {
  PoolLimits() : PoolLimits(Limits{}) {}
  explicit PoolLimits(const Limits& limits)
      : http(limits.http),
        connect_ms(limits.time.upstream_connect_ms),
        idle_ms(limits.time.upstream_idle_ms) {}
  bool operator==(const PoolLimits& other) const;

  HttpLimits http;
  std::int64_t connect_ms;
  std::int64_t idle_ms;  // unused for longer, it is closed
};

struct Target {
  net::Address address;
  std::string server_name;                  // TLS: sent and verified
  std::string spiffe_id;                    // TLS: verified instead, if there is one
  std::shared_ptr<tls::ClientContext> tls;  // null: plain
};

enum class ConnectError : std::uint8_t { kUnreachable, kTimedOut, kTls };
struct ConnectFailure {
  ConnectError error;
  std::string detail;
};
using Opened = Result<std::unique_ptr<net::Stream>, ConnectFailure>;
// A fresh connection, TLS included.
net::Task<Opened> open(net::Network& network, Target target, std::int64_t deadline_ms);

class Pool {
 public:
  // `limits` outlives the pool.
  Pool(net::Network& network, BlockPool& blocks, Target target, const PoolLimits& limits);
  ~Pool();

  using Lease = std::unique_ptr<Connection>;
  // An idle connection, or null.
  Lease take_idle();
  net::Task<Result<Lease, ConnectFailure>> connect(std::int64_t deadline_ms);
  // Back into the pool; only after a whole answer. Kept if both sides are willing to.
  static void give_back(Lease connection) {
    Connection& given = *connection;
    given.give_back(std::move(connection));
  }
  // Closes what is idle, and keeps nothing from here on.
  void close() {
    closed_ = true;
    idle_.clear();
  }
  [[nodiscard]] const Target& target() const { return target_; }
  [[nodiscard]] std::size_t idle() const { return idle_.size(); }

  static constexpr std::size_t kIdleMax = 256;

 private:
  friend class Http1Connection;
  void keep(std::unique_ptr<Http1Connection> connection);
  void drop(Http1Connection* connection);

  net::Network& network_;
  BlockPool& blocks_;
  Target target_;
  const PoolLimits& limits_;
  bool closed_ = false;
  std::vector<std::unique_ptr<Http1Connection>> idle_;  // oldest first
};

}  // namespace caponier::upstream
