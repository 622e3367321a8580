// Connections of fetch_json that are kept between requests, for who asks the same server again and again. Of
// one loop; the last who holds it may let it go on any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/network.h"
#include "tls/context.h"

namespace caponier::upstream {

inline constexpr std::size_t kKeptConnectionsMax = 8;  // unused, at a time; over it, the oldest is closed
// Unused for as long, one is closed: what a name leads to is asked again, and judged again.
inline constexpr std::int64_t kKeptConnectionMs = 15'000;

class KeptConnections : public std::enable_shared_from_this<KeptConnections> {
 public:
  explicit KeptConnections(net::Network& network) : network_(network) {}

  // To whom a connection leads, and by which files it was verified.
  struct Peer {
    std::string origin;
    std::shared_ptr<tls::ClientContext> tls;  // null: plain
    friend bool operator==(const Peer&, const Peer&) = default;
  };
  // One that its server has neither ended nor said anything on; null: none.
  std::unique_ptr<net::Stream> take(const Peer& peer);
  // After a whole answer, and nothing behind it.
  void keep(Peer peer, std::unique_ptr<net::Stream> stream);
  [[nodiscard]] std::size_t size() const { return kept_.size(); }

 private:
  struct Kept {
    Peer peer;
    std::unique_ptr<net::Stream> stream;
    std::int64_t until_ms = 0;  // steady
  };
  void close_old();
  net::Task<void> close_in_time(std::shared_ptr<KeptConnections> self);

  net::Network& network_;
  std::vector<Kept> kept_;  // the oldest first
  bool closing_ = false;
};

}  // namespace caponier::upstream
