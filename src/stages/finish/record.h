// Stage finish: the one record of an exchange, on every path out. It is built when everything is known, and
// holds nothing that a log must not: no credential, no body, no value that a client sent.
#pragma once

#include <cstdint>

#include "base/digest.h"
#include "event/record.h"
#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// What only the driver knows.
struct Outcome {
  std::uint16_t status = 0;           // sent to the client; 0: none was
  std::uint16_t upstream_status = 0;  // 0: none received
  const Denial* denial = nullptr;     // null: allowed
  std::uint64_t request_body_bytes = 0;
  std::uint64_t response_body_bytes = 0;
  std::int64_t duration_us = 0;
  std::int64_t upstream_us = 0;
  std::uint8_t upstream_attempts = 0;
  bool aborted = false;
};

// Views the exchange, its Plan and the denial. `key` hashes subjects that look personal.
event::ExchangeRecord make_record(Exchange& exchange, const Outcome& outcome, const DigestKey& key);

}  // namespace caponier::stages
