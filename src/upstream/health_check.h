// One question to an endpoint: does it answer GET `path` with the status that says it is well? Without a
// path: does it take a connection?
#pragma once

#include <cstdint>
#include <string>

#include "net/network.h"
#include "upstream/cluster.h"

namespace caponier::upstream {

struct HealthQuestion {
  Target target;
  std::string authority;
  std::string path;  // empty: nothing is asked once there is a connection
  std::uint16_t status = 200;
  std::int64_t deadline_ms = 0;
};

// What `settings` asks of an endpoint now.
HealthQuestion health_question(const ClusterSettings& settings, Target target, std::int64_t now_ms);

// Empty, or a sentence that says what is wrong.
net::Task<std::string> ask_health(net::Network& network, HealthQuestion question);

}  // namespace caponier::upstream
