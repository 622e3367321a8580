// The demo's API on the network: HTTP/1.1 with keep-alive, on one loop. Everything here runs on that loop's
// thread.
#pragma once

#include <memory>

#include "net/network.h"

namespace caponier::demo {

class OrdersServer {
 public:
  explicit OrdersServer(std::unique_ptr<net::Listener> listener);
  ~OrdersServer();
  OrdersServer(const OrdersServer&) = delete;
  OrdersServer& operator=(const OrdersServer&) = delete;

  // Begins to accept. Once.
  void start();
  // Accepts no more and ends the connections there are. The destructor does the same.
  void close();
  [[nodiscard]] net::Address address() const;

  static constexpr std::size_t kConnectionsMax = 1024;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the connections
};

}  // namespace caponier::demo
