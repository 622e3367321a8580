// A proxy of TCP connections, as it stands before a gateway: it says something first, and passes everything
// on.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "e2e/wire.h"

namespace caponier::e2e {

class Relay {
 public:
  // Every connection to 127.0.0.1:target begins with `prefix`.
  Relay(int target, std::string prefix);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  [[nodiscard]] int port() const { return port_; }

 private:
  void accept_all();
  void pass(Socket client) const;
  int target_;
  std::string prefix_;
  Socket listener_;
  int port_ = 0;
  std::atomic<bool> over_{false};
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace caponier::e2e
