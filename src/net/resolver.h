// Names to addresses by getaddrinfo(), which blocks, on a few threads of its own. One per process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/network.h"

namespace caponier::net {

class Resolver {
 public:
  using Found = Result<std::vector<Address>, std::string>;
  using Done = std::function<void(Found)>;

  static constexpr std::size_t kThreads = 2;
  static constexpr std::size_t kWaitingMax = 256;
  static constexpr std::size_t kAddressesMax = 16;

  Resolver();
  // Does not wait for lookups under way: their answers are dropped.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `done` is called on one of the resolver's threads, or at once if too many wait.
  void lookup(std::string host, std::uint16_t port, Done done);

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);
  std::shared_ptr<Shared> shared_;
};

}  // namespace caponier::net
