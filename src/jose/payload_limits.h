// How a token's payload is bounded, both times that it is read. Private to this room.
#pragma once

#include "base/limits.h"

namespace caponier::jose {

inline JsonLimits payload_limits(const TokenLimits& limits) {
  JsonLimits json_limits;
  json_limits.bytes_max = limits.token_bytes_max;
  json_limits.depth_max = limits.claims_depth_max;
  json_limits.nodes_max = 4096;
  return json_limits;
}

}  // namespace caponier::jose
