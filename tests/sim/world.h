// One simulated run: the real gateway between simulated clients and a simulated upstream, on a fake clock,
// and what must hold when it is over.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fetch/key_service.h"
#include "gateway/shared.h"
#include "gateway/worker.h"
#include "net/test_net.h"
#include "sim/api.h"
#include "sim/client.h"
#include "sim/dice.h"
#include "sim/upstream.h"

namespace caponier::sim {

// A line of the gateway's log.
struct Record {
  std::string type;
  std::string request_id;
  std::string reason;
  std::string stage;
  std::string detail;
  std::uint32_t id = 0;  // of the simulated request
  std::uint64_t status = 0;
  std::uint64_t attempts = 0;
  bool aborted = false;
};

struct Weather {
  net::SimFaults faults;
  std::uint32_t bad_upstream_percent = 0;  // of its answers
  // Nothing breaks: every request gets exactly what is due.
  [[nodiscard]] bool calm() const {
    return bad_upstream_percent == 0 && faults.reset_ppm == 0 && faults.refuse_ppm == 0 &&
           faults.vanish_ppm == 0;
  }
};

inline constexpr const char* kProxiedClient = "198.51.100.7";

class World {
 public:
  World(const Api& api, std::uint64_t seed, const Weather& weather);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Replaces what the upstream does by itself.
  Upstream::Choose choose;
  Visit& add_visit();
  // One more upstream like the first, on the next port.
  void add_endpoint();
  // The upstream speaks HTTP/2, as the configuration of `api` says.
  void speak_http2_upstream();
  // Connections begin with a PROXY header, which names kProxiedClient.
  void stand_behind_proxy();
  [[nodiscard]] bool behind_proxy() const { return !surface_->rules.proxy_protocol.empty(); }
  // Puts the same contract into force anew, as a reload does.
  void reload();
  // Runs until every visit is over, drains, and collects.
  void run();
  // What is wrong; empty if nothing.
  [[nodiscard]] std::string verdict() const;

  net::SimLoop loop;
  Dice dice;
  Weather weather;
  net::SimNetwork network;
  gateway::Shared shared;
  std::unique_ptr<fetch::KeyService> keys;
  std::unique_ptr<gateway::Worker> worker;
  std::unique_ptr<Upstream> upstream;
  std::vector<std::unique_ptr<Upstream>> others;  // further endpoints, if the API has them
  std::vector<std::unique_ptr<Visit>> visits;
  std::vector<Record> records;
  std::int64_t patience_ms = 300'000;

  // What a token's time is stretched by.
  [[nodiscard]] std::int64_t leeway_s() const { return plan_->issuers.front().rules.leeway_s; }
  [[nodiscard]] std::vector<const Record*> records_of(std::uint32_t id) const;
  // Shared by all who describe a run's end: did the gateway come to rest with nothing left open?
  std::string unrest;

 private:
  Answer answer(const Seen& seen);
  Answer answer_feed(const Seen& seen);
  void take_records(std::string& lines);
  std::shared_ptr<gateway::Generation> make_generation();
  std::uint64_t generations_ = 0;
  std::shared_ptr<const plan::Plan> plan_;
  std::shared_ptr<const gateway::Surface> surface_;
  bool speaks_http2_ = false;
};

// What must hold, whatever the weather. Each adds sentences to `wrong`.
void check_records(const World& world, std::string& wrong);
void check_upstream(const World& world, std::string& wrong);
void check_responses(const World& world, std::string& wrong);
void check_feeds(const World& world, std::string& wrong);

}  // namespace caponier::sim
