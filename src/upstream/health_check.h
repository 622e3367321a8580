// One question to an endpoint: does it answer GET `path` with the status that says it is well?
#pragma once

#include <cstdint>
#include <string>

#include "net/network.h"
#include "upstream/pool.h"

namespace caponier::upstream {

struct HealthQuestion {
  Target target;
  std::string authority;
  std::string path;
  std::uint16_t status = 200;
  std::int64_t deadline_ms = 0;
};

// Empty, or a sentence that says what is wrong.
net::Task<std::string> ask_health(net::Network& network, HealthQuestion question);

}  // namespace caponier::upstream
