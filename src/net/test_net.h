// The network of the tests and the simulator: streams in memory on a fake clock. All that is random (sizes,
// delays, faults) comes from one seed, so a run repeats exactly. No part of the product.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "net/network.h"

namespace caponier::net {

// Time stands still while there is work, and jumps to the next timer when there is none.
class SimLoop final : public Loop {
 public:
  explicit SimLoop(const Now& start = {.wall_ms = 1'800'000'000'000, .steady_us = 1'000'000'000})
      : Loop(start) {}

  void post(std::function<void()> work) override;
  // Until stop(), or until nothing is left that could ever happen.
  void run() override;
  void stop() override;
  // Until `done` holds (true), or nothing is left to happen or `most_ms` have passed (false).
  bool run_until(const std::function<bool()>& done, std::int64_t most_ms = 3'600'000);
  // What happens in the next `ms` milliseconds; the clock stands there afterwards.
  void run_for(std::int64_t ms);
  // As if the wall clock had been set.
  void jump_wall(std::int64_t ms) { now_.wall_ms += ms; }

 private:
  bool take_posted();
  void move_to(std::int64_t steady_ms);
  bool turn(std::int64_t until_ms, const std::function<bool()>& done);
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
  bool stopping_ = false;
};

// Chances are per operation, in millionths.
struct SimFaults {
  bool fragment_reads = false;                        // a read brings a random part of what there is
  bool fragment_writes = false;                       // a write takes a random part of what fits
  bool byte_by_byte = false;                          // every read and write moves one byte
  std::int64_t delay_ms_max = 0;                      // of bytes and of connecting
  std::uint32_t reset_ppm = 0;                        // per read or write
  std::uint32_t refuse_ppm = 0;                       // per connect
  std::uint32_t vanish_ppm = 0;                       // per connect: nobody answers
  std::size_t buffer_bytes = std::size_t{64} * 1024;  // in each direction
};

class SimBacklog;

class SimNetwork final : public Network {
 public:
  SimNetwork(SimLoop& loop, std::uint64_t seed, const SimFaults& faults = {});
  ~SimNetwork() override;

  Result<std::unique_ptr<Listener>, std::string> listen(const Address& address) override;
  Task<Result<std::unique_ptr<Stream>, std::string>> connect(Address address,
                                                             std::int64_t deadline_ms) override;
  Task<Result<std::vector<Address>, std::string>> resolve(std::string host, std::uint16_t port,
                                                          std::int64_t deadline_ms) override;
  Loop& loop() override { return loop_; }

  struct Pair {
    std::unique_ptr<Stream> first;
    std::unique_ptr<Stream> second;
  };
  // Two ends of one connection, without a listener.
  Pair pair();
  // What `host` resolves to; unknown names fail.
  void set_host(std::string host, std::vector<Address> addresses) {
    hosts_[std::move(host)] = std::move(addresses);
  }
  // Who asked connects with this as the peer's address.
  void set_client_address(const Address& address) { client_ = address; }
  // What the ends of connections made from now on say they agreed to speak.
  void set_protocol(std::string protocol) { protocol_ = std::move(protocol); }
  // For connections made from now on.
  void set_faults(const SimFaults& faults) { faults_ = faults; }
  // What was written to `end` of a connection and is not read yet at the other one.
  [[nodiscard]] static std::size_t unread(const Stream& end);
  [[nodiscard]] std::uint64_t connects() const { return connects_; }

 private:
  class Pipe;
  class SimStream;
  class SimListener;
  struct Random;
  SimLoop& loop_;
  std::shared_ptr<Random> random_;
  SimFaults faults_;
  std::map<std::string, std::vector<Address>> hosts_;
  std::map<std::pair<std::array<std::uint8_t, 16>, std::uint16_t>, std::weak_ptr<SimBacklog>> listeners_;
  Address client_;
  std::string protocol_;
  std::uint16_t next_port_ = 20'000;
  std::uint64_t connects_ = 0;
};

}  // namespace caponier::net
