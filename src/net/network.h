// Where streams come from: the kernel's sockets (socket_network.h), or an in-memory network with faults from
// a seed (test_net.h). The gateway is written against this interface alone.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/stream.h"
#include "net/task.h"

namespace caponier::net {

struct Address {
  std::array<std::uint8_t, 16> bytes{};  // IPv6, or IPv4-mapped IPv6
  std::uint16_t port = 0;

  [[nodiscard]] bool is_ipv4() const;
  [[nodiscard]] bool is_loopback() const;
  // Loopback, private, link-local, unique-local, unspecified, multicast, carrier-grade NAT, documentation:
  // nothing that a public host name should lead to.
  [[nodiscard]] bool is_internal() const;
  [[nodiscard]] std::string host_text() const;  // "127.0.0.1", "::1"
  [[nodiscard]] std::string text() const;       // "127.0.0.1:80", "[::1]:80"
  friend bool operator==(const Address&, const Address&) = default;
};
// A literal address only; nullopt for names.
std::optional<Address> parse_address(std::string_view host, std::uint16_t port);

class Listener {
 public:
  virtual ~Listener() = default;
  struct Accepted {
    std::unique_ptr<Stream> stream;  // null: the listener was closed
    Address peer;
  };
  virtual Task<Accepted> accept() = 0;
  [[nodiscard]] virtual Address address() const = 0;  // with the real port
  // The kernel's socket, to hand to another process; -1: there is none.
  [[nodiscard]] virtual int descriptor() const { return -1; }
  virtual void close() = 0;
};

// One per loop.
class Network {
 public:
  virtual ~Network() = default;
  virtual Result<std::unique_ptr<Listener>, std::string> listen(const Address& address) = 0;
  virtual Task<Result<std::unique_ptr<Stream>, std::string>> connect(Address address,
                                                                     std::int64_t deadline_ms) = 0;
  // Off the loop; the deadline bounds the wait.
  virtual Task<Result<std::vector<Address>, std::string>> resolve(std::string host, std::uint16_t port,
                                                                  std::int64_t deadline_ms) = 0;
  virtual Loop& loop() = 0;
};

}  // namespace caponier::net
