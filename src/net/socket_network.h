// The kernel's TCP, for one loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/epoll_loop.h"
#include "net/network.h"
#include "net/resolver.h"

namespace caponier::net {

// An error if somebody, another instance of us included, listens on `address` already. listen() shares its
// port with the other workers, and would share it with a stranger: ask this first, once per process.
Result<Unit, std::string> probe_exclusive(const Address& address);

class SocketNetwork final : public Network {
 public:
  SocketNetwork(EpollLoop& loop, Resolver& resolver) : loop_(loop), resolver_(resolver) {}

  // Port 0: the kernel picks; the other workers listen on the listener's address() then.
  Result<std::unique_ptr<Listener>, std::string> listen(const Address& address) override;
  // A socket that listens already; other workers, or another process, may have it, too.
  Result<std::unique_ptr<Listener>, std::string> adopt(int listening);
  Task<Result<std::unique_ptr<Stream>, std::string>> connect(Address address,
                                                             std::int64_t deadline_ms) override;
  Task<Result<std::vector<Address>, std::string>> resolve(std::string host, std::uint16_t port,
                                                          std::int64_t deadline_ms) override;
  Loop& loop() override { return loop_; }

 private:
  EpollLoop& loop_;
  Resolver& resolver_;
};

}  // namespace caponier::net
