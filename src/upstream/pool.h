// Connections to one endpoint of an upstream, one pool per loop: by HTTP/2, which many exchanges share, or by
// HTTP/1.1, of which the most recently used one is taken first. An idle one is watched: when the upstream
// closes it or says something unasked, it leaves the pool at once, without a probe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/upstream_rules.h"
#include "net/network.h"
#include "tls/context.h"
#include "upstream/http1_connection.h"
#include "upstream/http2_session.h"

namespace caponier::upstream {

// What of the limits a connection to an upstream keeps to.
struct PoolLimits {
  PoolLimits() : PoolLimits(Limits{}) {}
  explicit PoolLimits(const Limits& limits)
      : http(limits.http),
        http2(limits.http2),
        connect_ms(limits.time.upstream_connect_ms),
        idle_ms(limits.time.upstream_idle_ms) {
    // An answer that nobody takes holds this much, and a client may have many.
    http2.stream_window_bytes = limits.memory.stream_buffer_bytes;
  }
  bool operator==(const PoolLimits& other) const;

  HttpLimits http;
  Http2Limits http2;
  std::int64_t connect_ms;
  std::int64_t idle_ms;  // unused for longer, it is closed
};

struct Target {
  net::Address address;
  std::string server_name;                  // TLS: sent and verified
  std::string spiffe_id;                    // TLS: verified instead, if there is one
  std::shared_ptr<tls::ClientContext> tls;  // null: plain
  UpstreamProtocol protocol = UpstreamProtocol::kAuto;
};
// What an exchange needs of its connection: a handshake for another protocol takes all of one, and begins in
// HTTP/1.1.
enum class Use : std::uint8_t { kRequest, kUpgrade };

enum class ConnectError : std::uint8_t { kUnreachable, kTimedOut, kTls };
struct ConnectFailure {
  ConnectError error;
  std::string detail;
};
using Opened = Result<std::unique_ptr<net::Stream>, ConnectFailure>;
// A fresh connection, TLS included.
net::Task<Opened> open(net::Network& network, Target target, std::int64_t deadline_ms,
                       Use use = Use::kRequest);

class Pool {
 public:
  // `limits` outlives the pool.
  Pool(net::Network& network, BlockPool& blocks, Target target, const PoolLimits& limits);
  ~Pool();

  using Lease = std::unique_ptr<Connection>;
  using Connected = Result<Lease, ConnectFailure>;
  // A way without waiting, or null.
  Lease take_idle(Use use = Use::kRequest);
  net::Task<Connected> connect(std::int64_t deadline_ms, Use use = Use::kRequest);
  // Back into the pool; only after a whole answer. Kept if both sides are willing to.
  static void give_back(Lease connection) {
    Connection& given = *connection;
    given.give_back(std::move(connection));
  }
  // Closes what is idle, and keeps nothing from here on.
  void close();
  [[nodiscard]] const Target& target() const { return target_; }
  // Connections that carry nothing.
  [[nodiscard]] std::size_t idle() const;

  static constexpr std::size_t kIdleMax = 256;

 private:
  friend class Http1Connection;
  void keep(std::unique_ptr<Http1Connection> connection);
  void drop(Http1Connection* connection);
  friend class Http2Session;
  void drop(Http2Session& session);
  // Several who need a connection that they can share wait for one.
  class Waiting;
  [[nodiscard]] bool may_share(Use use) const;
  net::Task<Connected> connect_alone(std::int64_t deadline_ms, Use use);
  net::Task<Connected> begin_http2(std::unique_ptr<net::Stream> stream, std::int64_t deadline_ms);
  void wake_waiting(const Connected* outcome);

  net::Network& network_;
  BlockPool& blocks_;
  Target target_;
  const PoolLimits& limits_;
  bool closed_ = false;
  bool connecting_ = false;    // somebody, for all who can share
  bool speaks_http1_ = false;  // that was its choice the last time it had one
  std::vector<std::shared_ptr<Http2Session>> sessions_;
  std::vector<Waiting*> waiting_;
  std::vector<std::unique_ptr<Http1Connection>> idle_;  // oldest first
};

}  // namespace caponier::upstream
